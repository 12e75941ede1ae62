import { TextInput } from "@mantine/core";

interface Props {
  readonly label: string;
  /** An instant, RFC 3339. */
  readonly value: string | undefined;
  readonly onChange: (value: string | undefined) => void;
  /** The box means the end of the chosen day. */
  readonly isEnd?: boolean;
}

/** A day as a bound of a list; the browser's own picker. */
export function DateBox({ label, value, onChange, isEnd = false }: Props) {
  return (
    <TextInput
      type="date"
      aria-label={label}
      title={label}
      w={150}
      style={{ flex: "none" }}
      value={value ? localDay(value) : ""}
      onChange={(event) => onChange(instant(event.currentTarget.value, isEnd))}
    />
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
