import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconBuildingStore, IconPackageImport, IconPlus } from "@tabler/icons-react";
import { lazy, Suspense, useMemo, useRef, useState } from "react";
import type { Workspace } from "@/api/types";
import { t } from "@/i18n";
import { FilterBar, FilterChip } from "@/ui/FilterChips";
import { Page } from "@/ui/Page";
import { SidePanel, WithPanel } from "@/ui/SidePanel";
import { StateBlock } from "@/ui/StateBlock";
import { DataTable, PhoneRow, type Column, type TableHandle } from "@/ui/table";
import { When } from "@/ui/values";
import { useMe } from "../identity/queries";
import { useBoxEvents } from "../live/useBoxEvents";
import { CreateWorkspaceDialog } from "./CreateWorkspaceDialog";
import { withTexts } from "./moving/texts";
import { STATES, workspacesQuery, type StateFilter } from "./queries";
import { WorkspaceTags } from "./Tags";
import { WorkspaceLook } from "./WorkspaceLook";
import classes from "./workspaces.module.css";

const ImportDialog = lazy(
  withTexts(async () => (await import("./moving/ImportDialog")).ImportDialog),
);

export interface WorkspacesSearch {
  readonly state?: StateFilter;
  readonly panel?: string;
  readonly new?: true;
}

const LIVE = ["workspaces"];

/** Every workspace of the box for its operators; one's own, deleted ones included, for others. */
export function WorkspacesScreen() {
  const me = useMe();
  useBoxEvents(LIVE);
  const search = useSearch({ from: "/frame/workspaces" });
  const navigate = useNavigate({ from: "/workspaces" });
  const table = useRef<TableHandle>(null);
  const [creates, setCreates] = useState(search.new === true);
  const [imports, setImports] = useState(false);
  const list = useInfiniteQuery(workspacesQuery(search.state));
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const shown = rows.find((one) => one.id === search.panel) ?? null;
  const show = (workspace: Workspace | null) =>
    void navigate({
      search: ({ panel: _old, new: _new, ...rest }) =>
        workspace ? { ...rest, panel: workspace.id } : rest,
      replace: true,
    });
  const open = (workspace: Workspace) => {
    const isMine = me.workspaces.some((one) => one.id === workspace.id);
    if (!isMine || workspace.state === "deleted") show(workspace);
    else void navigate({ to: "/w/$workspace", params: { workspace: workspace.id } });
  };
  const close = () => {
    show(null);
    table.current?.focus();
  };
  return (
    <Page
      title={t(me.is_operator ? "workspaces.titleAll" : "workspaces.title")}
      tabTitle={t("workspaces.title")}
      layout="fill"
      actions={
        me.is_operator && (
          <>
            <Button
              variant="default"
              onClick={() => setImports(true)}
              leftSection={<IconPackageImport size={16} aria-hidden />}
            >
              {t("workspaces.import")}
            </Button>
            <Button
              onClick={() => setCreates(true)}
              leftSection={<IconPlus size={16} aria-hidden />}
            >
              {t("workspaces.new")}
            </Button>
          </>
        )
      }
    >
      <WithPanel
        panel={
          shown && (
            <SidePanel title={<PanelTitle workspace={shown} />} label={shown.name} onClose={close}>
              <WorkspaceLook workspace={shown} />
            </SidePanel>
          )
        }
      >
        <FilterBar>
          <FilterChip
            label={t("workspaces.state")}
            value={search.state ?? null}
            options={STATES.map((value) => ({ value, label: t(`workspaces.state.${value}`) }))}
            onChange={(value) => {
              const state = STATES.find((one) => one === value);
              void navigate({ search: state ? { state } : {}, replace: true });
            }}
          />
        </FilterBar>
        <DataTable
          ref={table}
          label={t("workspaces.title")}
          columns={COLUMNS()}
          rows={rows}
          rowKey={(row) => row.id}
          rowVersion={(row) => `${row.version} ${row.state}`}
          scope={search.state ?? ""}
          phoneRow={(row) => (
            <PhoneRow
              title={row.name}
              value={<WorkspaceTags workspace={row} />}
              line={`${row.currency} · ${row.time_zone}`}
              aside={<When at={row.created_at} />}
            />
          )}
          isLoading={list.isPending}
          error={list.error}
          isForbidden={false}
          empty={<Empty isFiltered={search.state !== undefined} onNew={() => setCreates(true)} />}
          onRetry={() => void list.refetch()}
          selected={search.panel ?? null}
          onSelect={show}
          onOpen={open}
          hasMore={list.hasNextPage && !list.isFetchingNextPage}
          onMore={() => void list.fetchNextPage()}
        />
      </WithPanel>
      {creates && <CreateWorkspaceDialog onClose={() => setCreates(false)} />}
      <Suspense>{imports && <ImportDialog onClose={() => setImports(false)} />}</Suspense>
    </Page>
  );
}

function PanelTitle({ workspace }: { readonly workspace: Workspace }) {
  return (
    <>
      <bdi>{workspace.name}</bdi> <WorkspaceTags workspace={workspace} />
    </>
  );
}

const COLUMNS = (): readonly Column<Workspace>[] => [
  {
    id: "name",
    header: t("workspace.name"),
    width: "minmax(220px, 2fr)",
    cell: (row) => (
      <span className={classes.name}>
        <bdi className="hf-clip hf-strong">{row.name}</bdi>
        <WorkspaceTags workspace={row} />
      </span>
    ),
  },
  { id: "currency", header: t("workspace.currency"), width: "84px", cell: (row) => row.currency },
  {
    id: "zone",
    header: t("workspace.zone"),
    width: "minmax(140px, 1fr)",
    cell: (row) => <span className="hf-clip">{row.time_zone}</span>,
  },
  {
    id: "created",
    header: t("workspaces.created"),
    width: "190px",
    cell: (row) => <When at={row.created_at} />,
  },
];

function Empty({
  isFiltered,
  onNew,
}: {
  readonly isFiltered: boolean;
  readonly onNew: () => void;
}) {
  const me = useMe();
  return (
    <StateBlock
      icon={IconBuildingStore}
      title={t(isFiltered ? "workspaces.noMatch" : "workspaces.empty")}
      text={t("workspaces.emptyText")}
    >
      {me.is_operator && !isFiltered && <Button onClick={onNew}>{t("workspaces.new")}</Button>}
    </StateBlock>
  );
}
