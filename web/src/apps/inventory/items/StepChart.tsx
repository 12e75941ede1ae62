import { useMemo } from "react";
import { t, useFormat } from "@/i18n";
import { compare, scaled } from "@/i18n/decimal";
import classes from "./item.module.css";

export interface Point {
  readonly at: string;
  /** Exact; turned into a position only here. */
  readonly balance: string;
}

interface Props {
  /** Oldest first. */
  readonly points: readonly Point[];
  readonly min: string | null;
  readonly unit: string;
}

const WIDTH = 600;
const HEIGHT = 140;

/** The balance over time. Stock changes in steps, so the line does too. */
export function StepChart({ points, min, unit }: Props) {
  const format = useFormat();
  const drawn = useMemo(() => draw(points, min), [points, min]);
  const first = points[0];
  const last = points.at(-1);
  if (!drawn || !first || !last) return null;
  const label = t("items.chart", {
    from: format.date(first.at),
    to: format.date(last.at),
    balance: format.qty(last.balance),
    unit,
  });
  return (
    <div className={classes.chartFrame}>
      <svg
        className={classes.chart}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        <path className={classes.area} d={drawn.area} />
        <path className={classes.zero} d={`M0 ${drawn.zeroY}H${WIDTH}`} />
        {drawn.minY !== null && <path className={classes.limit} d={`M0 ${drawn.minY}H${WIDTH}`} />}
        <path className={classes.line} d={drawn.line} />
      </svg>
      <div className={classes.axisY} aria-hidden>
        <span className="hf-number">{format.qty(drawn.top)}</span>
        <span className="hf-number">{format.qty(drawn.bottom)}</span>
      </div>
      <div className={classes.axisX} aria-hidden>
        <span>{format.date(first.at)}</span>
        <span>{format.date(last.at)}</span>
      </div>
    </div>
  );
}

interface Drawing {
  readonly line: string;
  readonly area: string;
  readonly zeroY: number;
  readonly minY: number | null;
  readonly top: string;
  readonly bottom: string;
}

export function draw(points: readonly Point[], min: string | null): Drawing | null {
  if (points.length < 2) return null;
  const shown = [...points.map((point) => point.balance), "0", ...(min ? [min] : [])];
  const top = shown.reduce((most, value) => (compare(value, most) > 0 ? value : most), "0");
  const bottom = shown.reduce((least, value) => (compare(value, least) < 0 ? value : least), "0");
  const span = Number(scaled(top) - scaled(bottom)) || 1;
  const y = (value: string) =>
    round(HEIGHT - 3 - (Number(scaled(value) - scaled(bottom)) / span) * (HEIGHT - 6));
  const times = points.map((point) => Date.parse(point.at));
  const start = Math.min(...times);
  const length = Math.max(...times) - start || 1;
  const x = (index: number) => round((((times[index] ?? start) - start) / length) * WIDTH);
  let line = `M${x(0)} ${y(points[0]?.balance ?? "0")}`;
  points.slice(1).forEach((point, index) => {
    line += `H${x(index + 1)}V${y(point.balance)}`;
  });
  line += `H${WIDTH}`;
  const zeroY = y("0");
  return { line, area: `${line}V${zeroY}H0Z`, zeroY, minY: min ? y(min) : null, top, bottom };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
