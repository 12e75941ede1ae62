import { scaled } from "@/i18n/decimal";

/** Hundredths of a percent in one. */
const HUNDREDTHS = 10_000n;

/** A share of one as percent: `0.9750` → `97.50`. Exact: shares have four decimals. */
export function percentOf(share: string): string {
  const hundredths = (scaled(share) * HUNDREDTHS) / scaled("1");
  const size = hundredths < 0n ? -hundredths : hundredths;
  const fraction = String(size % 100n).padStart(2, "0");
  return `${hundredths < 0n ? "-" : ""}${size / 100n}.${fraction}`;
}
