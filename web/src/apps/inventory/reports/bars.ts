import { compare, scaled } from "@/i18n/decimal";

export interface Bar {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly isNegative: boolean;
}

export interface Drawing {
  readonly bars: readonly Bar[];
  readonly zeroY: number;
  /** The largest and the smallest amount that are shown; zero is always between them. */
  readonly top: string;
  readonly bottom: string;
}

/** Of a bar's room, the part that it takes. */
const FULL = 0.72;

/** Places amounts side by side; null when there is none. */
export function draw(values: readonly string[], width: number, height: number): Drawing | null {
  if (values.length === 0) return null;
  const top = values.reduce((most, one) => (compare(one, most) > 0 ? one : most), "0");
  const bottom = values.reduce((least, one) => (compare(one, least) < 0 ? one : least), "0");
  const span = Number(scaled(top) - scaled(bottom)) || 1;
  const y = (value: string) => round((Number(scaled(top) - scaled(value)) / span) * height);
  const room = width / values.length;
  const zeroY = y("0");
  const bars = values.map((value, index) => {
    const at = y(value);
    return {
      x: round(room * index + (room * (1 - FULL)) / 2),
      y: Math.min(at, zeroY),
      width: round(room * FULL),
      height: Math.abs(at - zeroY),
      isNegative: at > zeroY,
    };
  });
  return { bars, zeroY, top, bottom };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
