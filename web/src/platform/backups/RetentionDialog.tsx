import { useQueryClient } from "@tanstack/react-query";
import { newKey } from "@/api/client";
import type { Retention } from "@/api/types";
import { t } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { FieldRow, FormFrame, TextField, useForm } from "@/ui/form";
import { BACKUP_KEY } from "./queries";
import { changeRetention } from "./retention";

const NAMES = ["daily", "weekly", "monthly", "yearly", "verified_min"] as const;

interface Props {
  readonly retention: Retention;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

/** How many backups are kept; saving leads to the plan, and removes nothing yet. */
export function RetentionDialog({ retention, onSaved, onClose }: Props) {
  const client = useQueryClient();
  const form = useForm({
    initial: {
      daily: String(retention.daily),
      weekly: String(retention.weekly),
      monthly: String(retention.monthly),
      yearly: String(retention.yearly),
      verified_min: String(retention.verified_min),
    },
    newKey,
    validate: (values) =>
      Object.fromEntries(
        NAMES.map((name) => [
          `retention.${name}`,
          /^\d{1,4}$/.test(values[name].trim()) ? null : t("keep.number"),
        ]),
      ),
    send: async (values) => {
      await changeRetention({
        daily: Number(values.daily),
        weekly: Number(values.weekly),
        monthly: Number(values.monthly),
        yearly: Number(values.yearly),
        verified_min: Number(values.verified_min),
      });
      await client.invalidateQueries({ queryKey: BACKUP_KEY });
      onSaved();
    },
  });
  return (
    <Dialog isWork title={t("keep.title")} onClose={onClose}>
      <FormFrame
        hasHint={false}
        form={form}
        label={t("keep.title")}
        submitLabel={t("keep.save")}
        onCancel={onClose}
      >
        <p className="hf-text">{t("keep.lead")}</p>
        <FieldRow>
          {NAMES.map((name) => (
            <TextField
              key={name}
              form={form}
              name={name}
              path={`retention.${name}`}
              label={t(`keep.${name}`)}
              inputMode="numeric"
              maxLength={4}
            />
          ))}
        </FieldRow>
      </FormFrame>
    </Dialog>
  );
}
