import { useQueryClient } from "@tanstack/react-query";
import { newKey } from "@/api/client";
import type { UserDetails } from "@/api/types";
import { t } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { FormFrame, TextField, useForm } from "@/ui/form";
import { toastDone } from "@/ui/toast";
import { meQuery, useMe } from "../../identity/queries";
import { changeUser, USERS } from "./queries";

interface Props {
  readonly user: UserDetails;
  readonly onClose: () => void;
}

export function RenameDialog({ user, onClose }: Props) {
  const me = useMe();
  const client = useQueryClient();
  const form = useForm({
    initial: { name: user.name },
    newKey,
    validate: (values) => ({ name: values.name.trim() ? null : t("form.needed") }),
    send: async ({ name }) => {
      try {
        await changeUser(user, { name: name.trim() });
      } finally {
        await client.invalidateQueries({ queryKey: [USERS] });
      }
      if (user.id === me.id) await client.invalidateQueries({ queryKey: meQuery.queryKey });
      toastDone(t("users.saved"));
      onClose();
    },
  });
  return (
    <Dialog onClose={onClose} title={t("users.edit")}>
      <FormFrame
        hasHint={false}
        form={form}
        label={t("users.edit")}
        submitLabel={t("users.editSave")}
        onCancel={onClose}
        isBlocked={!form.isDirty}
      >
        <TextField form={form} name="name" label={t("users.name")} maxLength={120} autoFocus />
      </FormFrame>
    </Dialog>
  );
}
