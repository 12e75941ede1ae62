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
  return (
    <label className={classes.chip} data-on={value !== undefined || undefined}>
      <span>{label}</span>
      <input
        type="date"
        className={classes.date}
        data-empty={value === undefined || undefined}
        value={value ? localDay(value) : ""}
        onChange={(event) => onChange(instant(event.currentTarget.value, isEnd))}
      />
    </label>
  );
}

function localDay(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return "";
  const two = (part: number) => String(part).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

function instant(day: string, isEnd: boolean): string | undefined {
  const at = new Date(`${day}T${isEnd ? "23:59:59.999" : "00:00:00"}`);
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString();
}
