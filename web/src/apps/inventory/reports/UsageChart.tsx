import { useMemo } from "react";
import type { UsageStep } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { draw } from "./bars";
import classes from "./reports.module.css";

const WIDTH = 600;
const HEIGHT = 96;

/** What was used step by step: one bar each, the amount when it is pointed at. */
export function UsageChart({ steps }: { readonly steps: readonly UsageStep[] }) {
  const format = useFormat();
  const drawn = useMemo(
    () =>
      draw(
        steps.map((step) => step.used_value),
        WIDTH,
        HEIGHT,
      ),
    [steps],
  );
  const first = steps[0];
  const last = steps.at(-1);
  if (!drawn || !first || !last || steps.length < 2) return null;
  const day = (text: string) => format.date(format.dayStart(text) ?? text);
  const label = t("used.chart", {
    from: day(first.from),
    to: day(last.to),
    most: format.money(drawn.top),
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
        {drawn.bars.map((bar, index) => {
          const step = steps[index];
          return (
            <rect
              key={step?.from}
              className={classes.bar}
              data-negative={bar.isNegative || undefined}
              x={bar.x}
              y={bar.y}
              width={bar.width}
              height={bar.height}
            >
              {step && <title>{titleOf(step, day, format.money(step.used_value))}</title>}
            </rect>
          );
        })}
        <path className={classes.zero} d={`M0 ${drawn.zeroY}H${WIDTH}`} />
      </svg>
      <div className={classes.axisY} aria-hidden>
        <span className="hf-number">{format.money(drawn.top)}</span>
        <span className="hf-number">{format.money(drawn.bottom)}</span>
      </div>
      <div className={classes.axisX} aria-hidden>
        <span>{day(first.from)}</span>
        <span>{day(last.to)}</span>
      </div>
    </div>
  );
}

function titleOf(step: UsageStep, day: (text: string) => string, used: string): string {
  const days = step.from === step.to ? day(step.from) : `${day(step.from)} – ${day(step.to)}`;
  return `${days}: ${used}`;
}
