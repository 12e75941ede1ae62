import { Tooltip } from "@mantine/core";
import { t, useFormat } from "@/i18n";
import { signOf } from "@/i18n/decimal";
import classes from "./values.module.css";

/** A quantity with its unit, smaller and dimmed, after it. One that is hidden is said to be. */
export function Qty({
  value,
  unit,
  signed = false,
}: {
  readonly value: string | null | undefined;
  readonly unit?: string;
  readonly signed?: boolean;
}) {
  const format = useFormat();
  if (!value) return <span className="hf-clip hf-dim">{t("ui.hidden")}</span>;
  const text = signed ? format.signedQty(value) : format.qty(value);
  const tone =
    signOf(value) < 0 ? "negative" : signed && signOf(value) > 0 ? "positive" : undefined;
  return (
    <span className="hf-number" data-tone={tone}>
      <bdi className={signed ? classes.signed : undefined} data-tone={tone}>
        {text}
      </bdi>
      {unit && (
        <span className="hf-unit">
          <bdi>{unit}</bdi>
        </span>
      )}
    </span>
  );
}

export function Money({ value }: { readonly value: string }) {
  const format = useFormat();
  return <span className="hf-number">{format.money(value)}</span>;
}

/** Relative within a day, the exact time on hover or focus. */
export function When({ at }: { readonly at: string }) {
  const format = useFormat();
  return (
    <Tooltip label={format.exact(at)} events={{ hover: true, focus: true, touch: true }}>
      <time dateTime={at} className="hf-number">
        {format.when(at)}
      </time>
    </Tooltip>
  );
}

const HUES = 8;

/** Initials in a colour that stays with the person. */
export function Initials({ name, seed }: { readonly name: string; readonly seed: string }) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => [...(word ?? "")][0] ?? "")
    .join("");
  let sum = 0;
  for (const letter of seed) sum = (sum * 31 + (letter.codePointAt(0) ?? 0)) % 9973;
  return (
    <span
      className={classes.initials}
      data-hue={sum % HUES}
      data-letters={letters.toUpperCase() || "?"}
      aria-hidden
    />
  );
}
