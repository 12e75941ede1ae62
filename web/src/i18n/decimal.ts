/**
 * Exact decimals as strings. The box sends amounts as text (`12.500`); nothing here goes through a
 * binary float, so what is shown is what is stored.
 */

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d+))?$/;

interface Parts {
  readonly negative: boolean;
  readonly whole: string;
  readonly fraction: string;
}

function parts(value: string): Parts | null {
  const match = DECIMAL.exec(value.trim());
  if (!match) return null;
  const whole = (match[2] ?? "0").replace(/^0+(?=\d)/, "");
  const fraction = match[3] ?? "";
  const isZero = /^0*$/.test(whole + fraction);
  return { negative: match[1] === "-" && !isZero, whole, fraction };
}

export function isDecimal(value: string): boolean {
  return parts(value) !== null;
}

/** Drops zeros at the end: `12.500` → `12.5`, `3.000` → `3`. */
export function trimZeros(value: string): string {
  const found = parts(value);
  if (!found) return value;
  const fraction = found.fraction.replace(/0+$/, "");
  return `${found.negative ? "-" : ""}${found.whole}${fraction ? `.${fraction}` : ""}`;
}

/** -1, 0 or 1. What is not a decimal counts as zero. */
export function signOf(value: string): -1 | 0 | 1 {
  const found = parts(value);
  if (!found || /^0*$/.test(found.whole + found.fraction)) return 0;
  return found.negative ? -1 : 1;
}

export function negate(value: string): string {
  const sign = signOf(value);
  if (sign === 0) return value.replace(/^[+-]/, "");
  return sign < 0 ? value.trim().replace(/^-/, "") : `-${value.trim().replace(/^\+/, "")}`;
}

export function absolute(value: string): string {
  return signOf(value) < 0 ? negate(value) : value;
}

const SCALE = 6;

/** The value in millionths, exact for up to six decimals. */
export function scaled(value: string): bigint {
  const found = parts(value);
  if (!found) return 0n;
  const digits = found.whole + found.fraction.slice(0, SCALE).padEnd(SCALE, "0");
  return found.negative ? -BigInt(digits) : BigInt(digits);
}

function unscaled(value: bigint, decimals: number): string {
  const negative = value < 0n;
  const digits = (negative ? -value : value).toString().padStart(SCALE + 1, "0");
  const whole = digits.slice(0, -SCALE);
  const fraction = digits.slice(-SCALE, digits.length - SCALE + decimals);
  return `${negative ? "-" : ""}${whole}${decimals > 0 ? `.${fraction}` : ""}`;
}

export function add(a: string, b: string, decimals = 3): string {
  return unscaled(scaled(a) + scaled(b), decimals);
}

export function compare(a: string, b: string): number {
  const difference = scaled(a) - scaled(b);
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}

/** `part / whole` between 0 and 1, for drawing only. */
export function ratio(part: string, whole: string): number {
  const base = scaled(whole);
  if (base <= 0n) return 0;
  const share = Number((scaled(part) * 10_000n) / base) / 10_000;
  return Math.min(1, Math.max(0, share));
}

export interface Separators {
  readonly group: string;
  readonly point: string;
}

/** The minus sign a reader expects, not the hyphen of a keyboard. */
export const MINUS = "\u2212";

/** Groups the digits and sets the sign; `decimals` pads or keeps, it never rounds. */
export function groupDigits(
  value: string,
  separators: Separators,
  decimalsMin = 0,
  signed = false,
): string {
  const found = parts(value);
  if (!found) return value;
  const fraction = found.fraction.replace(/0+$/, "").padEnd(decimalsMin, "0");
  const whole = found.whole.replace(/\B(?=(\d{3})+(?!\d))/g, separators.group);
  const plus = signed && signOf(value) > 0 ? "+" : "";
  return `${found.negative ? MINUS : plus}${whole}${fraction ? separators.point + fraction : ""}`;
}

/**
 * Reads what a person typed (`1 250,5`, `12.5`, `−3`) into the form the box takes, or null. A comma
 * is the decimal sign only where the place writes it so; what is doubtful is refused.
 */
export function readTyped(typed: string, separators: Separators): string | null {
  const plain = typed
    .trim()
    .replaceAll(MINUS, "-")
    .replace(/[\s\u00a0\u202f]/g, "");
  const normal = separators.point === "," ? plain.replace(",", ".") : plain;
  return DECIMAL.test(normal) ? normal.replace(/^\+/, "") : null;
}
