import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { newKey } from "@/api/client";
import { t } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { FormFrame, SwitchField, TextField, useForm } from "@/ui/form";
import { LinkDialog } from "../LinkDialog";
import { createUser, USERS } from "./queries";

interface Made {
  readonly name: string;
  readonly link: string;
}

export function NewUserDialog({ onClose }: { readonly onClose: () => void }) {
  const [made, setMade] = useState<Made | null>(null);
  if (made)
    return (
      <LinkDialog
        title={t("users.linkTitle", { name: made.name })}
        link={made.link}
        text={t("users.newLinkText")}
        warning={t("users.linkOnce")}
        onClose={onClose}
      />
    );
  return (
    <Dialog isWork title={t("users.newTitle")} onClose={onClose}>
      <NewUserForm onMade={setMade} onCancel={onClose} />
    </Dialog>
  );
}

function NewUserForm({
  onMade,
  onCancel,
}: {
  readonly onMade: (made: Made) => void;
  readonly onCancel: () => void;
}) {
  const client = useQueryClient();
  const form = useForm({
    initial: { name: "", email: "", is_operator: false },
    newKey,
    validate: (values) => ({
      name: values.name.trim() ? null : t("form.needed"),
      email: /^\S+@\S+$/.test(values.email.trim()) ? null : t("invite.emailBad"),
    }),
    send: async ({ name, email, is_operator }, key) => {
      const body = { name: name.trim(), email: email.trim(), is_operator };
      const { user, link } = await createUser(body, key);
      void client.invalidateQueries({ queryKey: [USERS] });
      onMade({ name: user.name, link });
    },
  });
  return (
    <FormFrame
      hasHint={false}
      form={form}
      label={t("users.newTitle")}
      submitLabel={t("users.create")}
      onCancel={onCancel}
    >
      <p className="hf-small">{t("users.newLead")}</p>
      <TextField form={form} name="name" label={t("users.name")} maxLength={120} autoFocus />
      <TextField form={form} name="email" label={t("users.email")} type="email" inputMode="email" />
      <SwitchField
        form={form}
        name="is_operator"
        label={t("users.operator")}
        help={t("users.operatorHelp")}
      />
    </FormFrame>
  );
}
