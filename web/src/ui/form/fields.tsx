import {
  PasswordInput,
  Select,
  Switch,
  Textarea,
  TextInput,
  type ComboboxData,
  type ComboboxItem,
  type ComboboxLikeRenderOptionInput,
} from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import type { HTMLInputAutoCompleteAttribute, ReactNode } from "react";
import { t } from "@/i18n";
import { errorOf, type Form } from "./useForm";

type KeysOf<V, T> = { [K in keyof V]: V[K] extends T ? K : never }[keyof V] & string;

interface Common<V extends object, T> {
  readonly form: Form<V>;
  readonly name: KeysOf<V, T>;
  readonly label: string;
  readonly help?: ReactNode;
  readonly required?: boolean;
  readonly disabled?: boolean;
  /** The path the box uses in `errors[]` where it differs from the name here. */
  readonly path?: string;
}

function useField<V extends object, T>({
  form,
  name,
  label,
  help,
  required,
  disabled,
  path,
}: Common<V, T>) {
  const field = path ?? name;
  form.labels.set(field, label);
  return {
    id: form.fieldId(field),
    label: required === false ? `${label} (${t("ui.optional")})` : label,
    ...(help === undefined ? {} : { description: help }),
    error: errorOf(form.errors, field),
    disabled: disabled ?? false,
    inputWrapperOrder: ["label", "input", "description", "error"] as (
      "label" | "input" | "description" | "error"
    )[],
  };
}

interface TextProps<V extends object> extends Common<V, string> {
  readonly autoFocus?: boolean;
  readonly autoComplete?: HTMLInputAutoCompleteAttribute;
  readonly type?: "text" | "email" | "date" | "datetime-local";
  readonly inputMode?: "text" | "decimal" | "email" | "numeric";
  readonly maxLength?: number;
  readonly suffix?: ReactNode;
  readonly placeholder?: string;
}

export function TextField<V extends object>(props: TextProps<V>) {
  const common = useField(props);
  const { form, name } = props;
  return (
    <TextInput
      {...common}
      type={props.type ?? "text"}
      value={String(form.values[name])}
      onChange={(event) => form.set(name, event.currentTarget.value as V[typeof name])}
      dir={props.inputMode === "decimal" || props.type ? undefined : "auto"}
      {...(props.autoFocus ? { "data-autofocus": true, autoFocus: true } : {})}
      autoComplete={props.autoComplete ?? "off"}
      inputMode={props.inputMode}
      maxLength={props.maxLength ?? 300}
      placeholder={props.placeholder}
      rightSection={props.suffix}
      rightSectionPointerEvents="none"
      spellCheck={false}
    />
  );
}

export function SecretField<V extends object>(
  props: Common<V, string> & { readonly autoComplete: string; readonly autoFocus?: boolean },
) {
  const common = useField(props);
  const { form, name } = props;
  return (
    <PasswordInput
      {...common}
      value={String(form.values[name])}
      onChange={(event) => form.set(name, event.currentTarget.value as V[typeof name])}
      autoComplete={props.autoComplete}
      autoFocus={props.autoFocus ?? false}
      maxLength={256}
      visibilityToggleButtonProps={{ "aria-label": t("field.showSecret") }}
    />
  );
}

export function AreaField<V extends object>(
  props: Common<V, string> & { readonly maxLength?: number },
) {
  const common = useField(props);
  const { form, name } = props;
  return (
    <Textarea
      {...common}
      value={String(form.values[name])}
      onChange={(event) => form.set(name, event.currentTarget.value as V[typeof name])}
      autosize
      minRows={2}
      maxRows={10}
      dir="auto"
      maxLength={props.maxLength ?? 2000}
    />
  );
}

interface ChoiceProps<V extends object> extends Common<V, string | null> {
  readonly data: ComboboxData;
  readonly searchable?: boolean;
  readonly clearable?: boolean;
  readonly placeholder?: string;
  /** Names of zones, currencies and the like, as the browser has them. */
  readonly isInBrowsersWords?: boolean;
}

export function ChoiceField<V extends object>(props: ChoiceProps<V>) {
  const common = useField(props);
  const { form, name } = props;
  const value = form.values[name];
  return (
    <Select
      {...common}
      data={props.data}
      value={typeof value === "string" ? value : null}
      onChange={(next) => form.set(name, next as V[typeof name])}
      searchable={props.searchable ?? false}
      clearable={props.clearable ?? false}
      allowDeselect={props.clearable ?? false}
      placeholder={props.placeholder}
      nothingFoundMessage={t("ui.nothingFound")}
      {...(props.isInBrowsersWords ? { renderOption: NameOption } : {})}
      maxDropdownHeight={280}
      clearButtonProps={{ "aria-label": t("ui.clear") }}
    />
  );
}

/** A name that the browser gave, which translators never see. */
function NameOption({ option, checked }: ComboboxLikeRenderOptionInput<ComboboxItem>) {
  return (
    <>
      {checked && <IconCheck size={14} aria-hidden />}
      <span translate="no">{option.label}</span>
    </>
  );
}

export function SwitchField<V extends object>(props: Common<V, boolean>) {
  const { form, name } = props;
  const { inputWrapperOrder: _, ...common } = useField(props);
  return (
    <Switch
      {...common}
      checked={form.values[name] === true}
      onChange={(event) => form.set(name, event.currentTarget.checked as V[typeof name])}
    />
  );
}
