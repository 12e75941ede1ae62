import { t, useFormat } from "@/i18n";
import { DateBox } from "@/ui/DateBox";
import type { PeriodFilter } from "./choices";

interface Props {
  /** What is shown: the days that were chosen, or those that the box took. */
  readonly period: PeriodFilter;
  readonly onChange: (next: { from?: string | null; to?: string | null }) => void;
}

/** The first and the last day of a report. */
export function PeriodBoxes({ period, onChange }: Props) {
  const format = useFormat();
  const instant = (day: string | undefined) => (day ? format.dayStart(day) : undefined);
  const day = (at: string | undefined) => (at ? format.dayOf(at) : null);
  return (
    <>
      <DateBox
        label={t("reports.from")}
        value={instant(period.from)}
        onChange={(at) => onChange({ from: day(at) })}
      />
      <DateBox
        label={t("reports.to")}
        value={instant(period.to)}
        onChange={(at) => onChange({ to: day(at) })}
      />
    </>
  );
}
