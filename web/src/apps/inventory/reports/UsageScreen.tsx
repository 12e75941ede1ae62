import { SegmentedControl } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconRotateClockwise } from "@tabler/icons-react";
import { useMemo } from "react";
import type { UsageReport, UsageRow } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { FilterBar, FilterChip } from "@/ui/FilterChips";
import { StateBlock } from "@/ui/StateBlock";
import { DataTable, PhoneRow } from "@/ui/table";
import { Money } from "@/ui/values";
import { itemQuery } from "../items/queries";
import { locationsQuery } from "../locations/queries";
import { PRICES } from "../permissions";
import { VALUATION_GROUPS } from "../valuation/choices";
import { USAGE_STEPS, type UsageFilter } from "./choices";
import { DaysLine, Figures } from "./Figures";
import { PeriodBoxes } from "./PeriodBoxes";
import { usageFile, usageQuery } from "./queries";
import { ReportPage } from "./ReportPage";
import { UsageChart } from "./UsageChart";
import { daysOf, timesOf, usageColumns, usageName } from "./usageColumns";

type Change = { [K in keyof UsageFilter]: UsageFilter[K] | null };

/** What was used between two days and how often stock was turned over, down to the movements. */
export function UsageScreen() {
  const workspace = useWorkspace();
  const format = useFormat();
  const filter = useSearch({ from: "/frame/w/$workspace/inventory/reports/usage" });
  const navigate = useNavigate({ from: "/w/$workspace/inventory/reports/usage" });
  const report = useInfiniteQuery({
    ...usageQuery(workspace.id, filter),
    enabled: workspace.can(PRICES),
  });
  const first = report.data?.pages[0];
  const rows = useMemo(() => report.data?.pages.flatMap((page) => page.items) ?? [], [report.data]);
  // What is shown while the next rows come are still the ones before.
  const group = VALUATION_GROUPS.find((one) => one === first?.group) ?? filter.group ?? "category";
  const columns = useMemo(() => usageColumns(group, rows, format), [group, rows, format]);
  const change = (next: Change, replace = true) =>
    void navigate({ search: (old) => clean({ ...old, ...next }), replace });
  const open = (row: UsageRow) => {
    if (group === "category") change({ group: "item", category: row.name ?? "" }, false);
    else if (group === "location") {
      if (row.id) change({ group: "item", location_id: row.id }, false);
    } else if (row.id && first)
      void navigate({
        to: "/w/$workspace/inventory/movements",
        params: { workspace: workspace.id },
        search: {
          item_id: row.id,
          type: "use",
          from: first.from_moment,
          to: first.to_moment,
          ...(filter.location_id ? { location_id: filter.location_id } : {}),
        },
      });
  };
  return (
    <ReportPage
      title={t("used.title")}
      file={() => usageFile(workspace.id, filter)}
      report={report}
    >
      <Filters filter={filter} shown={first} onChange={change} />
      {first && workspace.can(PRICES) && <Summary report={first} />}
      <DataTable
        label={t("used.title")}
        columns={columns}
        rows={rows}
        rowKey={(row) => row.id ?? row.name ?? ""}
        rowVersion={(row) => row.used_value + row.average_value}
        scope={JSON.stringify(filter)}
        phoneRow={(row) => (
          <PhoneRow
            title={usageName(group, row)}
            value={<Money value={row.used_value} />}
            line={`${t("used.turnover")} ${timesOf(row.turnover, format)}`}
            aside={daysOf(row.days_of_stock, format)}
          />
        )}
        isLoading={report.isPending}
        error={report.error}
        isForbidden={!workspace.can(PRICES)}
        empty={
          <StateBlock
            icon={IconRotateClockwise}
            title={t("used.emptyTitle")}
            text={t("used.emptyText")}
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

function Summary({ report }: { readonly report: UsageReport }) {
  const format = useFormat();
  const { total } = report;
  return (
    <>
      <Figures
        figures={[
          { label: t("used.used"), value: <Money value={total.used_value} /> },
          { label: t("used.average"), value: <Money value={total.average_value} /> },
          { label: t("used.turnover"), value: timesOf(total.turnover, format) },
          { label: t("used.lasts"), value: daysOf(total.days_of_stock, format) },
        ]}
        line={<DaysLine from={report.from} to={report.to} count={report.days} />}
      />
      <UsageChart steps={report.steps} />
    </>
  );
}

function Filters({
  filter,
  shown,
  onChange,
}: {
  readonly filter: UsageFilter;
  readonly shown: UsageReport | undefined;
  readonly onChange: (next: Change) => void;
}) {
  const workspace = useWorkspace();
  const places = useQuery({
    ...locationsQuery(workspace.id),
    enabled: Boolean(filter.location_id),
  });
  const item = useQuery({
    ...itemQuery(workspace.id, filter.item_id ?? ""),
    enabled: Boolean(filter.item_id),
  });
  const chosenItem = item.data ? [{ value: item.data.id, label: item.data.name }] : [];
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
      <PeriodBoxes
        period={{
          ...((filter.from ?? shown?.from) ? { from: filter.from ?? shown?.from ?? "" } : {}),
          ...((filter.to ?? shown?.to) ? { to: filter.to ?? shown?.to ?? "" } : {}),
        }}
        onChange={onChange}
      />
      <FilterChip
        label={t("used.step")}
        value={filter.step ?? null}
        options={USAGE_STEPS.map((value) => ({ value, label: t(`used.step.${value}`) }))}
        onChange={(value) => onChange({ step: USAGE_STEPS.find((one) => one === value) ?? null })}
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
      {filter.item_id && (
        <FilterChip
          label={t("items.one")}
          value={filter.item_id}
          options={chosenItem}
          onChange={(item_id) => onChange({ item_id })}
        />
      )}
    </FilterBar>
  );
}

/** What is chosen; a category may be the empty one. */
function clean(search: Change): UsageFilter {
  const kept = Object.entries(search).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(kept);
}
