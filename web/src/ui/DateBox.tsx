import { useFormat } from "@/i18n";
import classes from "./FilterChips.module.css";

interface Props {
  readonly label: string;
  /** An instant, RFC 3339. */
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
  /** The box means the end of the chosen day. */
  readonly isEnd?: boolean;
}

/** A day as a bound of a list, shaped like the other filters; the browser's own picker. */
export function DateBox({ label, value, onChange, isEnd = false }: Props) {
  const format = useFormat();
  return (
    <label className={classes.chip} data-on={value !== undefined || undefined}>
      <span>{label}</span>
      <input
        type="date"
        className={classes.date}
        data-empty={value === undefined || undefined}
        value={value ? format.dayOf(value) : ""}
        onChange={(event) => {
          const day = event.currentTarget.value;
          onChange(isEnd ? format.dayEnd(day) : format.dayStart(day));
        }}
      />
    </label>
  );
}
