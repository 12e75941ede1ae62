import type { ReactNode } from "react";
import { t, useFormat } from "@/i18n";
import classes from "./reports.module.css";

interface Figure {
  readonly label: string;
  readonly value: ReactNode;
}

/** What a report comes to, to be taken in at a glance. */
export function Figures({
  figures,
  line,
}: {
  readonly figures: readonly Figure[];
  readonly line: ReactNode;
}) {
  return (
    <div className={classes.figures}>
      <dl className={classes.figureList}>
        {figures.map((figure) => (
          <div key={figure.label} className={classes.figure}>
            <dt>{figure.label}</dt>
            <dd className="hf-number">{figure.value ?? "–"}</dd>
          </div>
        ))}
      </dl>
      <p className={classes.line}>{line}</p>
    </div>
  );
}

/** The days that a report is about. */
export function DaysLine({
  from,
  to,
  count,
}: {
  readonly from: string;
  readonly to: string;
  readonly count: number;
}) {
  const format = useFormat();
  const day = (text: string) => format.date(format.dayStart(text) ?? text);
  return <>{t("reports.days", { from: day(from), to: day(to), count })}</>;
}
