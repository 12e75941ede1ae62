import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { IconClipboardList } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import type { Count, CountLine } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { FilterBar, FilterChip } from "@/ui/FilterChips";
import { Notice } from "@/ui/Notice";
import { Page } from "@/ui/Page";
import { StateBlock } from "@/ui/StateBlock";
import { DataTable } from "@/ui/table";
import { APPROVE } from "../permissions";
import { CountActions } from "./CountActions";
import { CountTag, progressOf, scopeOf } from "./CountTag";
import { LineDialog } from "./LineDialog";
import { linePhoneRow, lineColumns } from "./lineColumns";
import { countQuery, linesQuery, type Decision } from "./queries";
import { LINE_STATES } from "./states";
import { useCountDecisions } from "./useCountDecisions";

/** One count: its lines, what wants a decision first, and what can be done with all of it. */
export function CountScreen() {
  const workspace = useWorkspace();
  const { count: id } = useParams({ from: "/frame/w/$workspace/inventory/counts/$count" });
  const count = useQuery(countQuery(workspace.id, id));
  return (
    <Page
      title={count.data?.name ?? t("counts.title")}
      tabTitle={count.data?.name ?? t("counts.title")}
      layout="fill"
      isLoading={count.isPending}
      error={count.error}
      onRetry={() => void count.refetch()}
      subtitle={count.data && <Subtitle count={count.data} />}
    >
      {count.data && <Lines key={id} count={count.data} />}
    </Page>
  );
}

function Subtitle({ count }: { readonly count: Count }) {
  return (
    <span className="hf-flow">
      <CountTag state={count.state} />
      <bdi>{scopeOf(count)}</bdi>
      <span className="hf-number">{progressOf(count)}</span>
    </span>
  );
}

function Lines({ count }: { readonly count: Count }) {
  const workspace = useWorkspace();
  const format = useFormat();
  const filter = useSearch({ from: "/frame/w/$workspace/inventory/counts/$count" });
  const navigate = useNavigate({ from: "/w/$workspace/inventory/counts/$count" });
  const list = useInfiniteQuery(linesQuery(workspace.id, count.id, filter));
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const { decisions, decide } = useCountDecisions(count);
  const [chosen, setChosen] = useState<CountLine | null>(null);
  const decides = workspace.can(APPROVE) && count.state === "submitted";
  const seesValues = typeof count.variance_value === "string";
  const columns = useMemo(
    () => lineColumns(decides ? decisions : null, !count.blind || workspace.can(APPROVE)),
    [decides, decisions, count.blind, workspace],
  );
  const decideAbout = (line: CountLine, decision: Decision | null) => {
    decide(line.id, decision);
    setChosen(null);
  };
  return (
    <>
      <CountActions count={count} decisions={decisions} />
      {count.state === "open" && count.rejected && count.reject_reason && (
        <Notice tone="caution">
          {t("counts.rejectedWith", {
            name: count.rejected.by?.name ?? "",
            reason: count.reject_reason,
          })}
        </Notice>
      )}
      <FilterBar>
        <FilterChip
          label={t("counts.show")}
          value={filter.show ?? null}
          options={LINE_STATES.filter((one) => (count.summary[one] ?? 0) > 0).map((value) => ({
            value,
            label: t(`counts.line.${value}`),
            hint: format.integer(count.summary[value] ?? 0),
          }))}
          onChange={(show) => void navigate({ search: show ? { show } : {}, replace: true })}
        />
        {seesValues && (
          <span className="hf-dim">
            {t("counts.worth", { value: format.money(count.variance_value ?? "0") })}
          </span>
        )}
      </FilterBar>
      <DataTable
        label={t("counts.lines")}
        columns={columns}
        rows={rows}
        rowKey={(row) => row.id}
        rowVersion={(row) => `${row.state} ${row.counted ?? ""} ${decisions[row.id] ?? ""}`}
        scope={`${count.id} ${filter.show ?? ""}`}
        phoneRow={(row) => linePhoneRow(row, decides ? decisions : null)}
        isLoading={list.isPending}
        error={list.error}
        isForbidden={false}
        empty={
          <StateBlock
            icon={IconClipboardList}
            title={t(filter.show ? "counts.noLines" : "counts.nothing")}
          />
        }
        onRetry={() => void list.refetch()}
        onOpen={setChosen}
        hasMore={list.hasNextPage}
        onMore={() => {
          if (!list.isFetchingNextPage) void list.fetchNextPage();
        }}
      />
      {chosen && (
        <LineDialog
          count={count}
          line={chosen}
          decision={decisions[chosen.id] ?? null}
          onDecide={decides ? (decision) => decideAbout(chosen, decision) : null}
          onClose={() => setChosen(null)}
        />
      )}
    </>
  );
}
