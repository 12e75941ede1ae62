import { newKey } from "@/api/client";
import type { Passkey } from "@/api/types";
import { t } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { FormFrame, TextField, useForm } from "@/ui/form";
import { toastDone } from "@/ui/toast";
import { renamePasskey } from "./queries";

interface Props {
  readonly passkey: Passkey;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

export function RenamePasskey({ passkey, onSaved, onClose }: Props) {
  const form = useForm({
    initial: { name: passkey.name },
    newKey,
    validate: (values) => ({ name: values.name.trim() ? null : t("form.needed") }),
    send: async ({ name }) => {
      await renamePasskey(passkey.id, name.trim());
      onSaved();
      toastDone(t("passkey.renamed"));
      onClose();
    },
  });
  const title = t("passkey.renameTitle", { name: passkey.name });
  return (
    <Dialog onClose={onClose} title={title}>
      <FormFrame
        hasHint={false}
        form={form}
        label={title}
        submitLabel={t("passkey.renameSave")}
        onCancel={onClose}
      >
        <TextField form={form} name="name" label={t("passkey.name")} maxLength={80} autoFocus />
      </FormFrame>
    </Dialog>
  );
}
