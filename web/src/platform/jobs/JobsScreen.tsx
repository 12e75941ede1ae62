import type { Job } from "@/api/types";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconClockPlay } from "@tabler/icons-react";
import { useMemo, useRef } from "react";
import { asProblem } from "@/api/problem";
import { t, tDynamic } from "@/i18n";
import { FilterBar, FilterChip } from "@/ui/FilterChips";
import { Page, RefusedPage } from "@/ui/Page";
import { WithPanel } from "@/ui/SidePanel";
import { StateBlock } from "@/ui/StateBlock";
import { DataTable, type TableHandle } from "@/ui/table";
import { OperatorsOnly } from "../identity/OperatorsOnly";
import { useBoxEvents } from "../live/useBoxEvents";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { JobPhoneRow, jobColumns } from "./columns";
import { JobPanel } from "./JobDetails";
import { BOX_KINDS, WORKSPACE_KINDS } from "./kinds";
import { JOB_STATES, jobsQuery, type JobFilter } from "./queries";
import { Schedules } from "./Schedules";

export interface JobsSearch extends JobFilter {
  readonly panel?: string;
}

const LIVE = ["job"];

export function WorkspaceJobsScreen() {
  const workspace = useWorkspace();
  const search = useSearch({ from: "/frame/w/$workspace/jobs" });
  const navigate = useNavigate({ from: "/w/$workspace/jobs" });
  if (!workspace.can("jobs.read")) return <RefusedPage title={t("jobs.title")} />;
  return (
    <JobsScreen
      workspace={workspace.id}
      title={t("jobs.title")}
      mayRun={workspace.can("jobs.run")}
      search={search}
      onSearch={(next) => void navigate({ search: next, replace: true })}
    />
  );
}

export function BoxJobsScreen() {
  useBoxEvents(LIVE);
  const search = useSearch({ from: "/frame/box/jobs" });
  const navigate = useNavigate({ from: "/box/jobs" });
  return (
    <OperatorsOnly title={t("jobs.boxTitle")}>
      <JobsScreen
        workspace={null}
        title={t("jobs.boxTitle")}
        mayRun
        search={search}
        onSearch={(next) => void navigate({ search: next, replace: true })}
      />
    </OperatorsOnly>
  );
}

interface Props {
  readonly workspace: string | null;
  readonly title: string;
  readonly mayRun: boolean;
  readonly search: JobsSearch;
  readonly onSearch: (search: JobsSearch) => void;
}

/** What the box does by itself, and what it was asked to do. */
function JobsScreen({ workspace, title, mayRun, search, onSearch }: Props) {
  const { panel, ...filter } = search;
  const table = useRef<TableHandle>(null);
  const jobs = useInfiniteQuery(jobsQuery(workspace, filter));
  const rows = useMemo(() => jobs.data?.pages.flatMap((page) => page.items) ?? [], [jobs.data]);
  const columns = useMemo(() => jobColumns(workspace === null), [workspace]);
  const kinds = workspace === null ? BOX_KINDS : WORKSPACE_KINDS;
  const show = (id: string | null) => onSearch(id ? { ...filter, panel: id } : filter);
  const isFiltered = Boolean(filter.state ?? filter.kind);
  return (
    <Page title={title} tabTitle={title} subtitle={t("jobs.lead")} layout="fill">
      <WithPanel
        panel={
          panel && (
            <JobPanel
              key={panel}
              workspace={workspace}
              id={panel}
              mayRun={mayRun}
              onClose={() => {
                show(null);
                table.current?.focus();
              }}
            />
          )
        }
      >
        <Schedules workspace={workspace} mayRun={mayRun} onStarted={show} />
        <FilterBar>
          <FilterChip
            label={t("jobs.state")}
            value={filter.state ?? null}
            options={JOB_STATES.map((value) => ({ value, label: t(`job.state.${value}`) }))}
            onChange={(value) => {
              const { state: _old, ...rest } = filter;
              const state = JOB_STATES.find((one) => one === value);
              onSearch(state ? { ...rest, state } : rest);
            }}
          />
          <FilterChip
            label={t("job.kind")}
            value={filter.kind ?? null}
            options={kinds.map((value) => ({ value, label: tDynamic(`job.kind.${value}`, value) }))}
            onChange={(kind) => {
              const { kind: _old, ...rest } = filter;
              onSearch(kind ? { ...rest, kind } : rest);
            }}
          />
        </FilterBar>
        <DataTable
          ref={table}
          label={t("jobs.history")}
          columns={columns}
          rows={rows}
          rowKey={(row) => row.id}
          rowVersion={(row) => row.state}
          scope={JSON.stringify(filter)}
          phoneRow={(row) => <JobPhoneRow job={row} />}
          isLoading={jobs.isPending}
          error={jobs.error}
          isForbidden={jobs.error !== null && asProblem(jobs.error).status === 403}
          empty={
            <StateBlock
              icon={IconClockPlay}
              title={t(isFiltered ? "jobs.noMatch" : "jobs.empty")}
              text={isFiltered ? "" : t("jobs.emptyText")}
            />
          }
          onRetry={() => void jobs.refetch()}
          selected={panel ?? null}
          onSelect={(row: Job | null) => show(row?.id ?? null)}
          onOpen={(row) => show(row.id)}
          hasMore={jobs.hasNextPage && !jobs.isFetchingNextPage}
          onMore={() => void jobs.fetchNextPage()}
        />
      </WithPanel>
    </Page>
  );
}
