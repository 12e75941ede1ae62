import type { ReactNode } from "react";
import { errorOf, type Form } from "./useForm";
import classes from "./CardsField.module.css";

interface Props<V extends object> {
  readonly form: Form<V>;
  readonly name: { [K in keyof V]: V[K] extends readonly string[] ? K : never }[keyof V] & string;
  readonly label: string;
  readonly options: readonly { readonly value: string; readonly label: ReactNode }[];
}

const MANY = 8;

/** Any number of some things; of many, two in a row where there is room. */
export function ChecksField<V extends object>({ form, name, label, options }: Props<V>) {
  form.labels.set(name, label);
  const error = errorOf(form.errors, name);
  const value: unknown = form.values[name];
  const chosen: readonly unknown[] = Array.isArray(value) ? value : [];
  const change = (one: string, isOn: boolean) => {
    const next = options
      .map((option) => option.value)
      .filter((other) => (other === one ? isOn : chosen.includes(other)));
    form.set(name, next as V[typeof name]);
  };
  return (
    <fieldset className={classes.group} aria-invalid={error !== undefined}>
      <legend className={classes.legend}>{label}</legend>
      <div className={classes.cards} data-many={options.length > MANY || undefined}>
        {options.map((option, index) => (
          <label key={option.value} className={classes.card}>
            <input
              type="checkbox"
              id={index === 0 ? form.fieldId(name) : undefined}
              checked={chosen.includes(option.value)}
              onChange={(event) => change(option.value, event.currentTarget.checked)}
            />
            <span>{option.label}</span>
          </label>
        ))}
      </div>
      {error && <p className={classes.error}>{error}</p>}
    </fieldset>
  );
}
