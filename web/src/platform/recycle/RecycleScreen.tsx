import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconRestore, IconTrash } from "@tabler/icons-react";
import { useMemo, useRef } from "react";
import type { Deleted } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Facts } from "@/ui/Facts";
import { FilterBar, FilterChip } from "@/ui/FilterChips";
import { Notice } from "@/ui/Notice";
import { Page } from "@/ui/Page";
import { SidePanel, WithPanel } from "@/ui/SidePanel";
import { StateBlock } from "@/ui/StateBlock";
import { DataTable, PhoneRow, type Column, type TableHandle } from "@/ui/table";
import { Initials, When } from "@/ui/values";
import { useMe } from "../identity/queries";
import { daysUntil } from "../workspaces/rules";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { useDeletableKinds } from "./DeletableKinds";
import { deletedQuery } from "./queries";
import { useRestore } from "./useRestore";
import classes from "./recycle.module.css";

export interface RecycleSearch {
  readonly kind?: string;
  readonly panel?: string;
}

/** What was deleted by mistake, until it is too late. */
export function RecycleScreen() {
  const workspace = useWorkspace();
  const { kind, panel } = useSearch({ from: "/frame/w/$workspace/deleted" });
  const navigate = useNavigate({ from: "/w/$workspace/deleted" });
  const table = useRef<TableHandle>(null);
  const may = workspace.can("recycle.read");
  const kinds = useDeletableKinds();
  const list = useInfiniteQuery({ ...deletedQuery(workspace.id, kind), enabled: may });
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const { restore, busy } = useRestore();
  const shown = rows.find((row) => row.id === panel) ?? null;
  const show = (row: Deleted | null) =>
    void navigate({
      search: { ...(kind ? { kind } : {}), ...(row ? { panel: row.id } : {}) },
      replace: true,
    });
  const columns = columnsOf((row) => (
    <RestoreButton row={row} isBusy={busy === row.id} onRestore={() => void restore(row)} />
  ));
  return (
    <Page
      title={t("recycle.title")}
      tabTitle={t("recycle.title")}
      subtitle={t("recycle.lead")}
      layout="fill"
    >
      <WithPanel
        panel={
          shown && (
            <SidePanel
              title={<bdi>{shown.title}</bdi>}
              label={shown.title}
              onClose={() => {
                show(null);
                table.current?.focus();
              }}
              actions={
                <RestoreButton
                  row={shown}
                  isBusy={busy === shown.id}
                  isMain
                  onRestore={() =>
                    void restore(shown).then((isGone) => {
                      if (isGone) show(null);
                    })
                  }
                />
              }
            >
              <Look row={shown} />
            </SidePanel>
          )
        }
      >
        {may && (
          <FilterBar>
            <FilterChip
              label={t("recycle.kind")}
              value={kind ?? null}
              options={kinds.map((one) => ({ value: one.kind, label: t(one.label) }))}
              onChange={(next) =>
                void navigate({ search: next ? { kind: next } : {}, replace: true })
              }
            />
          </FilterBar>
        )}
        <DataTable
          ref={table}
          label={t("recycle.title")}
          columns={columns}
          rows={rows}
          rowKey={(row) => row.id}
          rowVersion={(row) => row.deleted_at}
          scope={kind ?? ""}
          phoneRow={(row) => (
            <PhoneRow
              title={row.title}
              value={<Kind kind={row.kind} />}
              line={<By row={row} />}
              aside={<When at={row.deleted_at} />}
            />
          )}
          isLoading={list.isPending && may}
          error={list.error}
          isForbidden={!may}
          empty={
            <StateBlock
              icon={IconTrash}
              title={t(kind ? "recycle.noMatch" : "recycle.empty")}
              text={t("recycle.emptyText")}
            />
          }
          onRetry={() => void list.refetch()}
          selected={panel ?? null}
          onSelect={show}
          onOpen={show}
          hasMore={list.hasNextPage && !list.isFetchingNextPage}
          onMore={() => void list.fetchNextPage()}
        />
      </WithPanel>
    </Page>
  );
}

function columnsOf(action: Column<Deleted>["cell"]): readonly Column<Deleted>[] {
  return [
    {
      id: "what",
      header: t("recycle.what"),
      width: "minmax(200px, 2fr)",
      cell: (row) => (
        <span className={classes.what}>
          <bdi className="hf-clip hf-strong">{row.title}</bdi>
          <bdi className="hf-clip hf-dim">{row.subtitle}</bdi>
        </span>
      ),
    },
    {
      id: "kind",
      header: t("recycle.kind"),
      width: "110px",
      cell: (row) => <Kind kind={row.kind} />,
    },
    {
      id: "by",
      header: t("recycle.by"),
      width: "minmax(130px, 1fr)",
      cell: (row) => (
        <span className={classes.by}>
          {row.deleted_by && <Initials name={row.deleted_by.name} seed={row.deleted_by.id} />}
          <By row={row} />
        </span>
      ),
    },
    {
      id: "when",
      header: t("recycle.when"),
      width: "170px",
      cell: (row) => <When at={row.deleted_at} />,
    },
    { id: "until", header: t("recycle.until"), width: "120px", cell: (row) => <Until row={row} /> },
    { id: "do", header: "", width: "112px", align: "end", cell: action },
  ];
}

function Kind({ kind }: { readonly kind: string }) {
  const known = useDeletableKinds().find((one) => one.kind === kind);
  return <span className="hf-dim">{known ? t(known.label) : kind}</span>;
}

function By({ row }: { readonly row: Deleted }) {
  const me = useMe();
  if (!row.deleted_by) return <span className="hf-dim">{t("audit.actor.unknown")}</span>;
  return (
    <bdi className="hf-clip">
      {row.deleted_by.id === me.id ? t("audit.you") : row.deleted_by.name}
    </bdi>
  );
}

function Until({ row }: { readonly row: Deleted }) {
  const format = useFormat();
  return (
    <span className="hf-number" title={format.exact(row.restorable_until)}>
      {t("recycle.daysLeft", { count: daysUntil(row.restorable_until, Date.now()) })}
    </span>
  );
}

function Look({ row }: { readonly row: Deleted }) {
  const format = useFormat();
  return (
    <>
      {!row.can_restore && <Notice tone="info">{t("recycle.notYours")}</Notice>}
      <Facts
        facts={[
          { label: t("recycle.kind"), value: <Kind kind={row.kind} /> },
          row.subtitle ? { label: t("recycle.number"), value: <bdi>{row.subtitle}</bdi> } : null,
          { label: t("recycle.by"), value: <By row={row} /> },
          { label: t("recycle.when"), value: format.exact(row.deleted_at) },
          { label: t("recycle.until"), value: format.exact(row.restorable_until) },
        ]}
      />
    </>
  );
}

function RestoreButton({
  row,
  isBusy,
  isMain = false,
  onRestore,
}: {
  readonly row: Deleted;
  readonly isBusy: boolean;
  readonly isMain?: boolean;
  readonly onRestore: () => void;
}) {
  const kinds = useDeletableKinds();
  if (!row.can_restore || !kinds.some((one) => one.kind === row.kind)) return null;
  return (
    <Button
      size={isMain ? "sm" : "compact-sm"}
      variant={isMain ? "filled" : "default"}
      loading={isBusy}
      onClick={onRestore}
      leftSection={<IconRestore size={15} aria-hidden />}
      aria-label={`${t("recycle.restore")}: ${row.title}`}
    >
      {t("recycle.restore")}
    </Button>
  );
}
