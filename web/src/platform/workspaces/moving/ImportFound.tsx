import { newKey } from "@/api/client";
import { t, useFormat } from "@/i18n";
import { CopyText } from "@/ui/CopyText";
import { Facts } from "@/ui/Facts";
import { FormFrame, TextField, useForm } from "@/ui/form";
import { Notice } from "@/ui/Notice";
import { NAME_MAX } from "../CreateWorkspaceDialog";
import type { Moved } from "./moved";

interface Props {
  readonly moved: Moved;
  readonly onImport: (name: string) => Promise<void>;
  readonly onClose: () => void;
}

/** What is in a file, who signed it, and what it is to be called here. */
export function ImportFound({ moved, onImport, onClose }: Props) {
  const format = useFormat();
  const form = useForm({
    initial: { name: moved.name },
    newKey,
    validate: (values) => ({ name: values.name.trim() ? null : t("form.needed") }),
    send: async (values) => onImport(values.name.trim()),
  });
  return (
    <div className="hf-stack">
      <Facts
        facts={[
          { label: t("moving.from"), value: moved.boxName || moved.boxId },
          { label: t("moving.taken"), value: format.exact(moved.takenAt) },
          { label: t("moving.rows"), value: format.integer(moved.rows) },
          { label: t("moving.entries"), value: format.integer(moved.entries) },
          { label: t("moving.people"), value: format.integer(moved.people) },
        ]}
      />
      <Notice tone="caution" title={t("moving.compareTitle")}>
        {t("moving.compare")}
        <CopyText text={moved.fingerprint} label={t("moving.fingerprint")} />
      </Notice>
      <FormFrame
        hasHint={false}
        form={form}
        label={t("workspaces.import")}
        submitLabel={t("moving.bringIn")}
        onCancel={onClose}
      >
        <TextField form={form} name="name" label={t("workspace.name")} maxLength={NAME_MAX} />
      </FormFrame>
    </div>
  );
}
