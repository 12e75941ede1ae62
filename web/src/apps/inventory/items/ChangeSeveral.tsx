import { useQueryClient } from "@tanstack/react-query";
import { newKey } from "@/api/client";
import type { Item, ItemChange } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { readTyped } from "@/i18n/decimal";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Dialog } from "@/ui/Dialog";
import { ChoiceField, FieldRow, FormFrame, TextField, useForm, type Form } from "@/ui/form";
import { toastDone, toastFailed } from "@/ui/toast";
import { zoneChoices } from "../Zone";
import { CategoryField } from "./CategoryField";
import { changeItems } from "./queries";
import {
  ANY,
  backOf,
  changesOf,
  FIELDS,
  fieldsOf,
  KEEP,
  UNCHANGED,
  type Field,
  type SeveralValues,
} from "./several";

interface Props {
  readonly items: readonly Item[];
  readonly onClose: () => void;
  readonly onChanged: () => void;
}

/** The same change to every chosen item, all of them or none, with a way back. */
export function ChangeSeveral({ items, onClose, onChanged }: Props) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const { separators } = useFormat();
  const refresh = () => client.invalidateQueries({ queryKey: ["inventory", workspace.id] });
  const takeBack = async (back: ItemChange[]) => {
    try {
      await changeItems(workspace.id, back);
      toastDone(t("several.back", { count: back.length }));
    } catch (error) {
      toastFailed(error);
    }
    await refresh();
  };
  const form = useForm<SeveralValues>({
    initial: UNCHANGED,
    newKey,
    validate: (values) => ({
      category: isMissing(values, "category") ? t("form.needed") : null,
      min_qty: amountFault(values, "min_qty", (typed) => readTyped(typed, separators)),
      max_qty: amountFault(values, "max_qty", (typed) => readTyped(typed, separators)),
      temp_zone: isUnchanged(values) ? t("several.nothing") : null,
    }),
    send: async (values) => {
      const fields = fieldsOf(values, (typed) => readTyped(typed, separators));
      try {
        const after = await changeItems(workspace.id, changesOf(items, fields));
        const back = backOf(items, after, fields);
        onClose();
        onChanged();
        if (back.length === 0) toastDone(t("several.same"));
        else toastDone(t("several.changed", { count: back.length }), () => void takeBack(back));
      } finally {
        // Also after a refusal, which may come from what others changed.
        await refresh();
      }
    },
  });
  // A refusal names the item, and not its place in what was sent.
  items.forEach((item, place) => {
    for (const name of ["id", "version", ...FIELDS, "temp_zone"])
      form.labels.set(`changes[${place}].${name}`, item.name);
  });
  const count = items.length;
  return (
    <Dialog onClose={onClose} title={t("several.title", { count })} isWork>
      <FormFrame
        form={form}
        label={t("several.title", { count })}
        submitLabel={t("several.send", { count })}
        onCancel={onClose}
        hasHint={false}
      >
        <p className="hf-dim">{t("several.body")}</p>
        {FIELDS.map((field) => (
          <FieldChange key={field} form={form} field={field} items={items} />
        ))}
        <ChoiceField
          form={form}
          name="temp_zone"
          label={t("items.zone")}
          data={[
            { value: KEEP, label: t("several.keep") },
            { value: ANY, label: t("items.zoneAny") },
            ...zoneChoices(),
          ]}
        />
      </FormFrame>
    </Dialog>
  );
}

function FieldChange({
  form,
  field,
  items,
}: {
  readonly form: Form<SeveralValues>;
  readonly field: Field;
  readonly items: readonly Item[];
}) {
  const units = new Set(items.map((item) => item.unit));
  const unit = units.size === 1 ? [...units][0] : undefined;
  const label = LABELS[field]();
  const value = t("several.value", { field: label });
  return (
    <FieldRow>
      <ChoiceField
        form={form}
        name={`${field}_way`}
        label={label}
        data={[
          { value: "keep", label: t("several.keep") },
          { value: "set", label: t("several.set") },
          { value: "clear", label: t("several.clear") },
        ]}
      />
      {form.values[`${field}_way`] === "set" &&
        (field === "category" ? (
          <CategoryField form={form} label={value} />
        ) : (
          <TextField form={form} name={field} label={value} inputMode="decimal" suffix={unit} />
        ))}
    </FieldRow>
  );
}

const LABELS: Record<Field, () => string> = {
  category: () => t("items.category"),
  min_qty: () => t("items.min"),
  max_qty: () => t("items.max"),
};

function isMissing(values: SeveralValues, field: Field): boolean {
  return values[`${field}_way`] === "set" && values[field].trim() === "";
}

function amountFault(
  values: SeveralValues,
  field: Field,
  read: (typed: string) => string | null,
): string | null {
  if (isMissing(values, field)) return t("form.needed");
  if (values[`${field}_way`] !== "set") return null;
  return read(values[field]) === null ? t("form.notANumber") : null;
}

function isUnchanged(values: SeveralValues): boolean {
  return Object.keys(fieldsOf(values, (typed) => typed)).length === 0;
}
