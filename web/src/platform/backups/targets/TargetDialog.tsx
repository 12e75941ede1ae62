import { newKey } from "@/api/client";
import type { BackupTarget } from "@/api/types";
import { t } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import {
  AreaField,
  CardsField,
  FormFrame,
  SecretField,
  TextField,
  useForm,
  type Form,
} from "@/ui/form";
import {
  FIELDS,
  KINDS,
  kindOf,
  missing,
  settingsOf,
  valuesOf,
  type Field,
  type FieldValues,
} from "./kinds";
import { changeTarget, createTarget } from "./queries";

interface Props {
  /** The one to change; none for a new one. */
  readonly target?: BackupTarget;
  readonly onSaved: (target: BackupTarget) => void;
  readonly onClose: () => void;
}

interface Values extends FieldValues {
  readonly name: string;
  readonly kind: string;
}

/** Names a place that backups go to, or changes what is known of it. */
export function TargetDialog({ target, onSaved, onClose }: Props) {
  const before = valuesOf(target);
  const form = useForm<Values>({
    initial: { ...before, name: target?.name ?? "", kind: target?.kind ?? "folder" },
    newKey,
    validate: (values) => {
      const needed = missing(kindOf(values.kind), values, target?.has_secret ?? false);
      return {
        name: values.name.trim() ? null : t("form.needed"),
        ...Object.fromEntries(needed.map((name) => [`settings.${name}`, t("form.needed")])),
      };
    },
    send: async (values, key) => {
      const name = values.name.trim();
      const kind = kindOf(values.kind);
      const settings = settingsOf(kind, values, before);
      onSaved(
        target
          ? await changeTarget(target.id, { name, settings })
          : await createTarget({ name, kind, settings }, key),
      );
    },
  });
  const title = target ? t("target.editTitle", { name: target.name }) : t("target.new");
  return (
    <Dialog isWork title={title} onClose={onClose}>
      <FormFrame
        hasHint={false}
        form={form}
        label={title}
        submitLabel={t(target ? "target.save" : "target.create")}
        onCancel={onClose}
      >
        {!target && (
          <CardsField
            form={form}
            name="kind"
            label={t("target.kind")}
            options={KINDS.map((value) => ({
              value,
              label: t(`target.kind.${value}`),
              text: t(`target.kindText.${value}`),
            }))}
          />
        )}
        <TextField
          form={form}
          name="name"
          label={t("target.name")}
          help={t("target.nameHelp")}
          maxLength={80}
        />
        {FIELDS[kindOf(form.values.kind)].map((field) => (
          <TargetField
            key={`${form.values.kind} ${field.name}`}
            form={form}
            field={field}
            isKept={Boolean(field.isSecret && target?.has_secret)}
          />
        ))}
      </FormFrame>
    </Dialog>
  );
}

function TargetField({
  form,
  field,
  isKept,
}: {
  readonly form: Form<Values>;
  readonly field: Field;
  /** The box has it already; it is typed only to be changed. */
  readonly isKept: boolean;
}) {
  const common = {
    form,
    name: field.name,
    path: `settings.${field.name}`,
    label: t(field.label),
    ...(field.isOptional ? { required: false } : {}),
    ...(isKept ? { help: t("target.keptSecret") } : field.help ? { help: t(field.help) } : {}),
  };
  if (field.isLong) return <AreaField {...common} maxLength={20_000} />;
  if (field.isSecret) return <SecretField {...common} autoComplete="off" />;
  return (
    <TextField
      {...common}
      maxLength={1_000}
      {...(field.placeholder ? { placeholder: field.placeholder } : {})}
    />
  );
}
