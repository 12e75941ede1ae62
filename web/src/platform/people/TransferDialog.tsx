import { useQueryClient } from "@tanstack/react-query";
import { newKey } from "@/api/client";
import type { Member } from "@/api/types";
import { t } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { DialogFoot } from "@/ui/DialogFoot";
import { ChoiceField, FormFrame, TextField, useForm } from "@/ui/form";
import { Notice } from "@/ui/Notice";
import { toastDone } from "@/ui/toast";
import { meQuery } from "../identity/queries";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { handOver, membersQuery } from "./queries";

interface Props {
  readonly members: readonly Member[];
  readonly onClose: () => void;
}

/** Cannot be taken back by oneself, so the workspace's name has to be typed. */
export function TransferDialog({ members, onClose }: Props) {
  const workspace = useWorkspace();
  const heirs = members.filter((one) => !one.is_you && !one.is_disabled);
  const words = { workspace: workspace.name };
  return (
    <Dialog onClose={onClose} title={t("people.transferTitle", words)}>
      {heirs.length > 0 ? (
        <TransferForm heirs={heirs} onClose={onClose} />
      ) : (
        <div className="hf-stack">
          <p className="hf-text">{t("people.transferNobody")}</p>
          <DialogFoot onClose={onClose} />
        </div>
      )}
    </Dialog>
  );
}

function TransferForm({
  heirs,
  onClose,
}: {
  readonly heirs: readonly Member[];
  readonly onClose: () => void;
}) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const words = { workspace: workspace.name };
  const form = useForm<{ user: string | null; typed: string }>({
    initial: { user: null, typed: "" },
    newKey,
    validate: (values) => ({
      user_id: values.user ? null : t("form.needed"),
      typed: values.typed.trim() === workspace.name.trim() ? null : t("people.transferMistyped"),
    }),
    send: async ({ user }) => {
      const owner = await handOver(workspace.id, user ?? "");
      toastDone(t("people.transferred", { name: owner.name }));
      await Promise.all([
        client.invalidateQueries({ queryKey: membersQuery(workspace.id).queryKey }),
        client.invalidateQueries({ queryKey: meQuery.queryKey }),
      ]);
      onClose();
    },
  });
  return (
    <FormFrame
      hasHint={false}
      form={form}
      label={t("people.transferTitle", words)}
      submitLabel={t("people.transferConfirm")}
      onCancel={onClose}
    >
      <Notice tone="caution">{t("people.transferBody")}</Notice>
      <ChoiceField
        form={form}
        name="user"
        path="user_id"
        label={t("people.transferTo")}
        placeholder={t("people.transferPick")}
        data={heirs.map((one) => ({ value: one.user_id, label: `${one.name} · ${one.email}` }))}
        searchable
      />
      <TextField form={form} name="typed" label={t("people.transferType", words)} maxLength={120} />
    </FormFrame>
  );
}
