import { SegmentedControl } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconCircleCheck } from "@tabler/icons-react";
import { useMemo } from "react";
import type { Accuracy, AccuracyRow } from "@/api/types";
import { t, useFormat, type Formatter } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { FilterBar } from "@/ui/FilterChips";
import { ShareBar } from "@/ui/ShareBar";
import { StateBlock } from "@/ui/StateBlock";
import { DataTable, PhoneRow, type Column } from "@/ui/table";
import { Money, When } from "@/ui/values";
import { PRICES } from "../permissions";
import { Figures } from "./Figures";
import { PeriodBoxes } from "./PeriodBoxes";
import { ACCURACY_GROUPS, type AccuracyFilter, type AccuracyGroup } from "./choices";
import { accuracyFile, accuracyQuery } from "./queries";
import { ReportPage } from "./ReportPage";
import { percentOf } from "./share";

type Change = { [K in keyof AccuracyFilter]: AccuracyFilter[K] | null };

/** How well the books agreed with what was counted. */
export function AccuracyScreen() {
  const workspace = useWorkspace();
  const format = useFormat();
  const filter = useSearch({ from: "/frame/w/$workspace/inventory/reports/accuracy" });
  const navigate = useNavigate({ from: "/w/$workspace/inventory/reports/accuracy" });
  const report = useInfiniteQuery({
    ...accuracyQuery(workspace.id, filter),
    enabled: workspace.can(PRICES),
  });
  const first = report.data?.pages[0];
  const rows = useMemo(() => report.data?.pages.flatMap((page) => page.items) ?? [], [report.data]);
  const group = ACCURACY_GROUPS.find((one) => one === first?.group) ?? filter.group ?? "count";
  const columns = useMemo(() => columnsOf(group, format), [group, format]);
  const change = (next: Change) =>
    void navigate({ search: (old) => clean({ ...old, ...next }), replace: true });
  const open = (row: AccuracyRow) => {
    const params = { workspace: workspace.id };
    if (group === "count" && row.id)
      void navigate({
        to: "/w/$workspace/inventory/counts/$count",
        params: { ...params, count: row.id },
      });
    else if (group === "location" && row.id && first)
      void navigate({
        to: "/w/$workspace/inventory/movements",
        params,
        search: {
          location_id: row.id,
          type: "adjust",
          ...bounds(first, format),
        },
      });
  };
  return (
    <ReportPage
      title={t("accuracy.title")}
      file={() => accuracyFile(workspace.id, filter)}
      report={report}
    >
      <Filters filter={filter} shown={first} onChange={change} />
      {first && workspace.can(PRICES) && first.total.lines > 0 && <Summary report={first} />}
      <DataTable
        label={t("accuracy.title")}
        columns={columns}
        rows={rows}
        rowKey={(row) => row.id ?? row.name ?? ""}
        rowVersion={(row) => `${row.agreed_lines}/${row.lines} ${row.difference_value}`}
        scope={JSON.stringify(filter)}
        phoneRow={(row) => (
          <PhoneRow
            title={nameOf(row)}
            value={shareOf(row.line_accuracy, format)}
            line={linesOf(row)}
            aside={<Money value={row.difference_value} />}
          />
        )}
        isLoading={report.isPending}
        error={report.error}
        isForbidden={!workspace.can(PRICES)}
        empty={
          <StateBlock
            icon={IconCircleCheck}
            title={t("accuracy.emptyTitle")}
            text={t("accuracy.emptyText")}
          />
        }
        onRetry={() => void report.refetch()}
        {...(group === "category" ? {} : { onOpen: open })}
        hasMore={report.hasNextPage}
        onMore={() => {
          if (!report.isFetchingNextPage) void report.fetchNextPage();
        }}
      />
    </ReportPage>
  );
}

function Summary({ report }: { readonly report: Accuracy }) {
  const format = useFormat();
  const { total } = report;
  return (
    <Figures
      figures={[
        { label: t("accuracy.lines"), value: shareOf(total.line_accuracy, format) },
        { label: t("accuracy.worth"), value: shareOf(total.value_accuracy, format) },
        { label: t("accuracy.off"), value: <Money value={total.difference_value} /> },
        { label: t("accuracy.net"), value: <Money value={total.net_value} /> },
      ]}
      line={`${t("accuracy.counts", { count: report.counts })} · ${linesOf(total)}`}
    />
  );
}

function Filters({
  filter,
  shown,
  onChange,
}: {
  readonly filter: AccuracyFilter;
  readonly shown: Accuracy | undefined;
  readonly onChange: (next: Change) => void;
}) {
  return (
    <FilterBar
      search={
        <SegmentedControl
          aria-label={t("valuation.by")}
          value={filter.group ?? "count"}
          onChange={(group) => onChange({ group })}
          data={ACCURACY_GROUPS.map((value) => ({ value, label: t(`accuracy.by.${value}`) }))}
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
    </FilterBar>
  );
}

function columnsOf(group: AccuracyGroup, format: Formatter): readonly Column<AccuracyRow>[] {
  const columns: (Column<AccuracyRow> | null)[] = [
    {
      id: "name",
      header: t(`accuracy.by.${group}`),
      width: "minmax(150px, 2fr)",
      cell: (row) => <bdi className="hf-clip">{nameOf(row)}</bdi>,
    },
    group === "count"
      ? {
          id: "applied",
          header: t("accuracy.applied"),
          width: "150px",
          cell: (row) => row.approved_at && <When at={row.approved_at} />,
        }
      : null,
    {
      id: "lines",
      header: t("accuracy.lines"),
      width: "130px",
      align: "end",
      cell: (row) => <span className="hf-number">{linesOf(row)}</span>,
    },
    {
      id: "agreed",
      header: t("accuracy.share"),
      width: "90px",
      align: "end",
      cell: (row) => <span className="hf-number">{shareOf(row.line_accuracy, format)}</span>,
    },
    {
      id: "bar",
      header: t("valuation.share"),
      width: "minmax(60px, 1fr)",
      cell: (row) => <ShareBar value={row.line_accuracy ?? "0"} largest="1" />,
    },
    {
      id: "off",
      header: t("accuracy.off"),
      width: "120px",
      align: "end",
      cell: (row) => <Money value={row.difference_value} />,
    },
    {
      id: "expected",
      header: t("accuracy.expected"),
      width: "130px",
      align: "end",
      cell: (row) => <Money value={row.expected_value} />,
    },
    {
      id: "worth",
      header: t("accuracy.worth"),
      width: "140px",
      align: "end",
      cell: (row) => <span className="hf-number">{shareOf(row.value_accuracy, format)}</span>,
    },
  ];
  return columns.filter((column) => column !== null);
}

function nameOf(row: AccuracyRow): string {
  return row.name ?? t("valuation.noCategory");
}

function linesOf(figures: { readonly agreed_lines: number; readonly lines: number }): string {
  return t("accuracy.ofLines", { agreed: figures.agreed_lines, lines: figures.lines });
}

/** Percent; a dash where there is nothing to compare. */
function shareOf(share: string | null | undefined, format: Formatter): string {
  return share ? `${format.qty(percentOf(share))} %` : "–";
}

/** The first and the last moment of the days that are shown. */
function bounds(report: Accuracy, format: Formatter): { from?: string; to?: string } {
  const from = format.dayStart(report.from);
  const to = format.dayEnd(report.to);
  return { ...(from ? { from } : {}), ...(to ? { to } : {}) };
}

function clean(search: Change): AccuracyFilter {
  const kept = Object.entries(search).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(kept);
}
