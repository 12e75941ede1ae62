import { newKey } from "@/api/client";
import type { BackupTarget } from "@/api/types";
import { t } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { FormFrame, TextField, useForm } from "@/ui/form";
import { createTarget } from "./queries";
import classes from "./backups.module.css";

interface Props {
  readonly onSaved: (target: BackupTarget) => void;
  readonly onClose: () => void;
}

/** Names a place that backups go to. */
export function TargetDialog({ onSaved, onClose }: Props) {
  const form = useForm({
    initial: { name: "", path: "" },
    newKey,
    validate: (values) => ({
      name: values.name.trim() ? null : t("form.needed"),
      path: values.path.trim().startsWith("/") ? null : t("target.pathBad"),
    }),
    send: async ({ name, path }, key) => {
      const settings = { path: path.trim() };
      onSaved(await createTarget({ name: name.trim(), kind: "folder", settings }, key));
    },
  });
  return (
    <Dialog isWork title={t("target.new")} onClose={onClose}>
      <FormFrame
        hasHint={false}
        form={form}
        label={t("target.new")}
        submitLabel={t("target.create")}
        onCancel={onClose}
      >
        <p className={classes.text}>{t("target.folderText")}</p>
        <TextField
          form={form}
          name="name"
          label={t("target.name")}
          help={t("target.nameHelp")}
          maxLength={80}
          autoFocus
        />
        <TextField
          form={form}
          name="path"
          path="settings.path"
          label={t("target.path")}
          help={t("target.pathHelp")}
          maxLength={1000}
          placeholder="/mnt/backup"
        />
      </FormFrame>
    </Dialog>
  );
}
