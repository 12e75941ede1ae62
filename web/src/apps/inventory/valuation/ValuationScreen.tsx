import { SegmentedControl } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconReportMoney } from "@tabler/icons-react";
import { useMemo } from "react";
import type { Valuation, ValuationRow } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { DateBox } from "@/ui/DateBox";
import { FilterBar, FilterChip } from "@/ui/FilterChips";
import { largestOf, ShareBar } from "@/ui/ShareBar";
import { StateBlock } from "@/ui/StateBlock";
import { DataTable, PhoneRow, type Column } from "@/ui/table";
import { Money, Qty } from "@/ui/values";
import { locationsQuery } from "../locations/queries";
import { PRICES } from "../permissions";
import { hasChanged } from "../reports/ChangedSince";
import { ReportPage } from "../reports/ReportPage";
import { VALUATION_GROUPS, type ValuationFilter, type ValuationGroup } from "./choices";
import { valuationFile, valuationQuery } from "./queries";
import classes from "./valuation.module.css";

type Change = { [K in keyof ValuationFilter]: ValuationFilter[K] | null };

/** What stock was worth: by category or place, then its items, then what happened to one. */
export function ValuationScreen() {
  const workspace = useWorkspace();
  const filter = useSearch({ from: "/frame/w/$workspace/inventory/reports" });
  const navigate = useNavigate({ from: "/w/$workspace/inventory/reports" });
  const report = useInfiniteQuery({
    ...valuationQuery(workspace.id, filter),
    enabled: workspace.can(PRICES),
  });
  const first = report.data?.pages[0];
  const rows = useMemo(() => report.data?.pages.flatMap((page) => page.items) ?? [], [report.data]);
  // What is shown while the next rows come are still the ones before.
  const group = VALUATION_GROUPS.find((one) => one === first?.group) ?? filter.group ?? "category";
  const columns = useMemo(() => columnsOf(group, rows), [group, rows]);
  const change = (next: Change, replace = true) =>
    void navigate({ search: (old) => clean({ ...old, ...next }), replace });
  const open = (row: ValuationRow) => {
    if (group === "category") change({ group: "item", category: row.name ?? "" }, false);
    else if (group === "location") {
      if (row.id) change({ group: "item", location_id: row.id }, false);
    } else
      void navigate({
        to: "/w/$workspace/inventory/movements",
        params: { workspace: workspace.id },
        search: { ...(row.id ? { item_id: row.id } : {}), ...(filter.at ? { to: first?.at } : {}) },
      });
  };
  return (
    <ReportPage
      title={t("valuation.title")}
      file={() => valuationFile(workspace.id, filter)}
      report={report}
    >
      <Filters filter={filter} onChange={change} />
      {first && workspace.can(PRICES) && (
        <Total report={first} isNow={!filter.at && !hasChanged(report) && !report.error} />
      )}
      <DataTable
        label={t("valuation.title")}
        columns={columns}
        rows={rows}
        rowKey={(row) => row.id ?? row.name ?? ""}
        rowVersion={(row) => row.value}
        scope={JSON.stringify(filter)}
        phoneRow={(row) => (
          <PhoneRow
            title={nameOf(group, row)}
            value={<Money value={row.value} />}
            line={row.qty ? <Qty value={row.qty} unit={row.unit ?? ""} /> : countOf(row.items)}
            aside={row.code ?? ""}
          />
        )}
        isLoading={report.isPending}
        error={report.error}
        isForbidden={!workspace.can(PRICES)}
        empty={
          <StateBlock
            icon={IconReportMoney}
            title={t("valuation.emptyTitle")}
            text={t(filter.at ? "valuation.emptyThen" : "valuation.emptyText")}
          />
        }
        onRetry={() => void report.refetch()}
        onOpen={open}
        hasMore={report.hasNextPage}
        onMore={() => {
          if (!report.isFetchingNextPage) void report.fetchNextPage();
        }}
      />
    </ReportPage>
  );
}

function Filters({
  filter,
  onChange,
}: {
  readonly filter: ValuationFilter;
  readonly onChange: (next: Change) => void;
}) {
  const workspace = useWorkspace();
  const format = useFormat();
  const isOfPlace = Boolean(filter.location_id);
  const places = useQuery({ ...locationsQuery(workspace.id), enabled: isOfPlace });
  return (
    <FilterBar
      search={
        <SegmentedControl
          aria-label={t("valuation.by")}
          value={filter.group ?? "category"}
          onChange={(group) => onChange({ group })}
          data={VALUATION_GROUPS.map((value) => ({ value, label: t(`valuation.by.${value}`) }))}
        />
      }
    >
      <DateBox
        label={t("valuation.at")}
        value={filter.at ? format.dayStart(filter.at) : undefined}
        onChange={(instant) => onChange({ at: instant ? format.dayOf(instant) : null })}
      />
      {filter.category !== undefined && (
        <FilterChip
          label={t("items.category")}
          value={filter.category}
          options={[
            { value: filter.category, label: filter.category || t("valuation.noCategory") },
          ]}
          onChange={(category) => onChange({ category })}
        />
      )}
      {filter.location_id && (
        <FilterChip
          label={t("movements.place")}
          value={filter.location_id}
          options={(places.data ?? [])
            .filter((one) => one.id === filter.location_id)
            .map((one) => ({ value: one.id, label: one.name, hint: one.code }))}
          onChange={(location_id) => onChange({ location_id })}
        />
      )}
    </FilterBar>
  );
}

function Total({ report, isNow }: { readonly report: Valuation; readonly isNow: boolean }) {
  const format = useFormat();
  return (
    <p className={classes.total}>
      <strong>
        <Money value={report.total.value} />
      </strong>
      <span className="hf-dim">
        {countOf(report.total.items)}
        {" · "}
        {isNow ? t("valuation.now") : t("valuation.then", { at: format.exact(report.at) })}
      </span>
    </p>
  );
}

function columnsOf(
  group: ValuationGroup,
  rows: readonly ValuationRow[],
): readonly Column<ValuationRow>[] {
  const largest = largestOf(rows.map((row) => row.value));
  const columns: (Column<ValuationRow> | null)[] = [
    {
      id: "name",
      header: t(`valuation.by.${group}`),
      width: "minmax(180px, 2fr)",
      cell: (row) => <bdi className="hf-clip">{nameOf(group, row)}</bdi>,
    },
    group === "category"
      ? null
      : {
          id: "code",
          header: t(group === "item" ? "items.number" : "locations.code"),
          width: "minmax(90px, 150px)",
          cell: (row) => <bdi className="hf-clip hf-mono hf-dim">{row.code}</bdi>,
        },
    group === "item"
      ? {
          id: "qty",
          header: t("items.onHand"),
          width: "150px",
          align: "end",
          cell: (row) => row.qty && <Qty value={row.qty} unit={row.unit ?? ""} />,
        }
      : {
          id: "items",
          header: t("nav.items"),
          width: "90px",
          align: "end",
          cell: (row) => <span className="hf-number">{row.items}</span>,
        },
    group === "item"
      ? {
          id: "each",
          header: t("valuation.each"),
          width: "130px",
          align: "end",
          cell: (row) => row.unit_value && <Money value={row.unit_value} />,
        }
      : null,
    {
      id: "value",
      header: t("items.value"),
      width: "150px",
      align: "end",
      cell: (row) => <Money value={row.value} />,
    },
    {
      id: "share",
      header: t("valuation.share"),
      width: "minmax(80px, 1.2fr)",
      cell: (row) => <ShareBar value={row.value} largest={largest} />,
    },
  ];
  return columns.filter((column) => column !== null);
}

function nameOf(group: ValuationGroup, row: ValuationRow): string {
  if (row.name) return row.name;
  return t(group === "category" ? "valuation.noCategory" : "valuation.nowhere");
}

function countOf(items: number): string {
  return t("valuation.items", { count: items });
}

/** What is chosen; a category may be the empty one. */
function clean(search: Change): ValuationFilter {
  const kept = Object.entries(search).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(kept);
}
