import { absolute, compare, ratio, signOf } from "@/i18n/decimal";
import classes from "./ShareBar.module.css";

/** A bar as long as an amount's part of the largest one; the number stands beside it. */
export function ShareBar({ value, largest }: { readonly value: string; readonly largest: string }) {
  return (
    <span className={classes.track} aria-hidden>
      <span
        className={classes.fill}
        data-negative={signOf(value) < 0 || undefined}
        style={{ width: `${Math.max(1.5, ratio(absolute(value), largest) * 100)}%` }}
      />
    </span>
  );
}

/** The largest of some amounts, whichever way they go. */
export function largestOf(values: readonly string[]): string {
  return values.map(absolute).reduce((most, one) => (compare(one, most) > 0 ? one : most), "0");
}
