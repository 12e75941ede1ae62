import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { newKey } from "@/api/client";
import type { Invitation } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { CardsField, FormFrame, TextField, useForm } from "@/ui/form";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { LinkDialog } from "./LinkDialog";
import { invitationsQuery, invite, rolesQuery } from "./queries";
import { roleName, roleOptions, USUAL_ROLE } from "./roles";

/** Asks whom and as what, then shows the link: there may be no mail server to send it. */
export function InviteDialog({ onClose }: { readonly onClose: () => void }) {
  const workspace = useWorkspace();
  const format = useFormat();
  const [made, setMade] = useState<Invitation | null>(null);
  if (made)
    return (
      <LinkDialog
        title={t("invite.doneTitle", { email: made.email })}
        link={made.link ?? ""}
        text={t("invite.doneText", {
          role: roleName(made),
          date: format.dateTime(made.expires_at),
        })}
        warning={t("invite.doneOnce")}
        more={
          <Button variant="default" onClick={() => setMade(null)}>
            {t("invite.another")}
          </Button>
        }
        onClose={onClose}
      />
    );
  return (
    <Dialog isWork title={t("invite.title", { workspace: workspace.name })} onClose={onClose}>
      <InviteForm onMade={setMade} onCancel={onClose} />
    </Dialog>
  );
}

function InviteForm({
  onMade,
  onCancel,
}: {
  readonly onMade: (made: Invitation) => void;
  readonly onCancel: () => void;
}) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const options = roleOptions(useQuery(rolesQuery(workspace.id)).data ?? []);
  const form = useForm<{ email: string; role: string }>({
    initial: { email: "", role: USUAL_ROLE },
    newKey,
    validate: (values) => ({
      email: /^\S+@\S+$/.test(values.email.trim()) ? null : t("invite.emailBad"),
    }),
    send: async (values, key) => {
      const body = { email: values.email.trim(), role: values.role };
      const made = await invite(workspace.id, body, key);
      void client.invalidateQueries({ queryKey: invitationsQuery(workspace.id).queryKey });
      onMade(made);
    },
  });
  return (
    <FormFrame
      hasHint={false}
      form={form}
      label={t("invite.title", { workspace: workspace.name })}
      submitLabel={t("invite.submit")}
      onCancel={onCancel}
    >
      <TextField
        form={form}
        name="email"
        label={t("invite.email")}
        help={t("invite.emailHelp")}
        type="email"
        inputMode="email"
        autoFocus
      />
      <CardsField form={form} name="role" label={t("invite.role")} options={options} />
    </FormFrame>
  );
}
