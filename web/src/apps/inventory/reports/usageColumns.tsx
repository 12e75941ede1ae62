import type { UsageRow } from "@/api/types";
import { t, type Formatter } from "@/i18n";
import { trimZeros } from "@/i18n/decimal";
import { largestOf, ShareBar } from "@/ui/ShareBar";
import type { Column } from "@/ui/table";
import { Money, Qty } from "@/ui/values";
import type { ValuationGroup } from "../valuation/choices";

export function usageColumns(
  group: ValuationGroup,
  rows: readonly UsageRow[],
  format: Formatter,
): readonly Column<UsageRow>[] {
  const largest = largestOf(rows.map((row) => row.used_value));
  const columns: (Column<UsageRow> | null)[] = [
    {
      id: "name",
      header: t(`valuation.by.${group}`),
      width: "minmax(160px, 2fr)",
      cell: (row) => <bdi className="hf-clip">{usageName(group, row)}</bdi>,
    },
    group === "category"
      ? null
      : {
          id: "code",
          header: t(group === "item" ? "items.number" : "locations.code"),
          width: "minmax(80px, 130px)",
          cell: (row) => <bdi className="hf-clip hf-mono hf-dim">{row.code}</bdi>,
        },
    {
      id: "qty",
      header: t("used.usedQty"),
      width: "120px",
      align: "end",
      cell: (row) => row.used_qty && <Qty value={row.used_qty} unit={row.unit ?? ""} />,
    },
    {
      id: "used",
      header: t("used.used"),
      width: "120px",
      align: "end",
      cell: (row) => <Money value={row.used_value} />,
    },
    {
      id: "share",
      header: t("valuation.share"),
      width: "minmax(60px, 1fr)",
      cell: (row) => <ShareBar value={row.used_value} largest={largest} />,
    },
    {
      id: "average",
      header: t("used.average"),
      width: "130px",
      align: "end",
      cell: (row) => <Money value={row.average_value} />,
    },
    {
      id: "turnover",
      header: t("used.turnover"),
      width: "90px",
      align: "end",
      cell: (row) => <span className="hf-number">{timesOf(row.turnover, format)}</span>,
    },
    {
      id: "lasts",
      header: t("used.lasts"),
      width: "110px",
      align: "end",
      cell: (row) => <span className="hf-number">{daysOf(row.days_of_stock, format)}</span>,
    },
  ];
  return columns.filter((column) => column !== null);
}

export function usageName(group: ValuationGroup, row: UsageRow): string {
  if (row.name) return row.name;
  return t(group === "category" ? "valuation.noCategory" : "valuation.nowhere");
}

/** How often; a dash where there was nothing to turn over. */
export function timesOf(turnover: string | null | undefined, format: Formatter): string {
  return turnover ? t("used.times", { count: format.qty(trimZeros(turnover)) }) : "–";
}

export function daysOf(days: string | null | undefined, format: Formatter): string {
  return days ? t("used.lastsDays", { count: format.qty(trimZeros(days)) }) : "–";
}
