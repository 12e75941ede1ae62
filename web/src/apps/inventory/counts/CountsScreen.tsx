import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconClipboardList, IconPlus, IconUsers } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import type { Count } from "@/api/types";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { FilterBar, FilterChip } from "@/ui/FilterChips";
import { Page } from "@/ui/Page";
import { StateBlock } from "@/ui/StateBlock";
import { DataTable, PhoneRow, type Column } from "@/ui/table";
import { When } from "@/ui/values";
import { APPROVE, READ } from "../permissions";
import { CountTag, progressOf, scopeOf } from "./CountTag";
import { NewCountDialog } from "./NewCountDialog";
import { countsQuery } from "./queries";
import { SettingsDialog } from "./SettingsDialog";
import { COUNT_STATES } from "./states";

/** Every count: what is open, what waits for a decision, what became of the others. */
export function CountsScreen() {
  const workspace = useWorkspace();
  const filter = useSearch({ from: "/frame/w/$workspace/inventory/counts" });
  const navigate = useNavigate({ from: "/w/$workspace/inventory/counts" });
  const list = useInfiniteQuery({
    ...countsQuery(workspace.id, filter),
    enabled: workspace.can(READ),
  });
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const [dialog, setDialog] = useState<"new" | "settings" | null>(null);
  const mayOpen = workspace.can(APPROVE);
  const open = (count: Count) =>
    void navigate({
      to: "/w/$workspace/inventory/counts/$count",
      params: { workspace: workspace.id, count: count.id },
    });
  return (
    <Page
      title={t("counts.title")}
      tabTitle={t("counts.title")}
      layout="fill"
      actions={mayOpen && <Actions onOpen={setDialog} />}
    >
      <FilterBar>
        <FilterChip
          label={t("counts.state")}
          value={filter.state ?? null}
          options={COUNT_STATES.map((value) => ({ value, label: t(`counts.state.${value}`) }))}
          onChange={(state) => void navigate({ search: state ? { state } : {}, replace: true })}
        />
      </FilterBar>
      <DataTable
        label={t("counts.title")}
        columns={COLUMNS()}
        rows={rows}
        rowKey={(row) => row.id}
        rowVersion={(row) => String(row.version)}
        scope={filter.state ?? ""}
        phoneRow={(row) => (
          <PhoneRow
            title={row.name}
            value={<CountTag state={row.state} />}
            line={scopeOf(row)}
            aside={progressOf(row)}
          />
        )}
        isLoading={list.isPending}
        error={list.error}
        isForbidden={!workspace.can(READ)}
        empty={
          <StateBlock
            icon={IconClipboardList}
            title={t("counts.emptyTitle")}
            text={t(mayOpen ? "counts.emptyText" : "counts.emptyCounter")}
          />
        }
        onRetry={() => void list.refetch()}
        onOpen={open}
        hasMore={list.hasNextPage}
        onMore={() => {
          if (!list.isFetchingNextPage) void list.fetchNextPage();
        }}
      />
      {dialog === "new" && <NewCountDialog onClose={() => setDialog(null)} onMade={open} />}
      {dialog === "settings" && <SettingsDialog onClose={() => setDialog(null)} />}
    </Page>
  );
}

function Actions({ onOpen }: { readonly onOpen: (dialog: "new" | "settings") => void }) {
  return (
    <>
      <Button
        variant="default"
        leftSection={<IconUsers size={16} aria-hidden />}
        onClick={() => onOpen("settings")}
      >
        {t("counts.settings")}
      </Button>
      <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => onOpen("new")}>
        {t("counts.new")}
      </Button>
    </>
  );
}

const COLUMNS = (): readonly Column<Count>[] => [
  {
    id: "name",
    header: t("counts.name"),
    width: "minmax(180px, 2fr)",
    cell: (row) => <bdi className="hf-clip">{row.name}</bdi>,
  },
  {
    id: "scope",
    header: t("counts.scope"),
    width: "minmax(140px, 1.5fr)",
    cell: (row) => <bdi className="hf-clip hf-dim">{scopeOf(row)}</bdi>,
  },
  {
    id: "state",
    header: t("counts.state"),
    width: "130px",
    cell: (row) => <CountTag state={row.state} />,
  },
  {
    id: "progress",
    header: t("counts.counted"),
    width: "130px",
    align: "end",
    cell: (row) => <span className="hf-number">{progressOf(row)}</span>,
  },
  {
    id: "created",
    header: t("counts.started"),
    width: "150px",
    align: "end",
    cell: (row) => <When at={row.created_at} />,
  },
];
