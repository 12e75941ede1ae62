import { errorOf, type Form } from "./useForm";
import classes from "./CardsField.module.css";

export interface CardOption {
  readonly value: string;
  readonly label: string;
  /** One sentence on what choosing it means. */
  readonly text?: string;
  readonly isDisabled?: boolean;
}

interface Props<V extends object> {
  readonly form: Form<V>;
  readonly name: { [K in keyof V]: V[K] extends string ? K : never }[keyof V] & string;
  readonly label: string;
  readonly options: readonly CardOption[];
}

/** A choice among few things that each need a sentence; one is always chosen. */
export function CardsField<V extends object>({ form, name, label, options }: Props<V>) {
  form.labels.set(name, label);
  const error = errorOf(form.errors, name);
  const group = form.fieldId(name);
  return (
    <fieldset className={classes.group} aria-invalid={error !== undefined}>
      <legend className={classes.legend}>{label}</legend>
      <div className={classes.cards}>
        {options.map((option, index) => (
          <label
            key={option.value}
            className={classes.card}
            data-disabled={option.isDisabled || undefined}
          >
            <input
              type="radio"
              id={index === 0 ? group : undefined}
              name={group}
              value={option.value}
              checked={form.values[name] === option.value}
              disabled={option.isDisabled}
              onChange={() => form.set(name, option.value as V[typeof name])}
            />
            <span className={classes.name}>{option.label}</span>
            {option.text && <span className={classes.text}>{option.text}</span>}
          </label>
        ))}
      </div>
      {error && <p className={classes.error}>{error}</p>}
    </fieldset>
  );
}
