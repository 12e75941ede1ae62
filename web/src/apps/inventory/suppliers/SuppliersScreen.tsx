import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { IconPlus, IconTruckDelivery } from "@tabler/icons-react";
import { useMemo } from "react";
import type { Supplier } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { LinkButton } from "@/ui/LinkButton";
import { Page } from "@/ui/Page";
import { StateBlock } from "@/ui/StateBlock";
import { DataTable, PhoneRow, type Column } from "@/ui/table";
import { PRICES, WRITE } from "../permissions";
import { suppliersQuery } from "./queries";

/** Who delivers. */
export function SuppliersScreen() {
  const workspace = useWorkspace();
  const navigate = useNavigate();
  const format = useFormat();
  const list = useInfiniteQuery({
    ...suppliersQuery(workspace.id),
    enabled: workspace.can(PRICES),
  });
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const columns = useMemo(() => columnsOf((count) => format.integer(count)), [format]);
  const params = { workspace: workspace.id };
  const add = workspace.can(WRITE) && (
    <LinkButton
      to="/w/$workspace/inventory/suppliers/new"
      params={params}
      leftSection={<IconPlus size={16} aria-hidden />}
    >
      {t("suppliers.new")}
    </LinkButton>
  );
  return (
    <Page
      title={t("suppliers.title")}
      tabTitle={t("suppliers.title")}
      layout="fill"
      actions={rows.length > 0 && add}
    >
      <DataTable
        label={t("suppliers.title")}
        columns={columns}
        rows={rows}
        rowKey={(row) => row.id}
        rowVersion={(row) => `${row.version} ${row.items} ${row.open_orders}`}
        scope=""
        phoneRow={(row) => (
          <PhoneRow
            title={row.name}
            value={row.open_orders > 0 ? openOf(format.integer(row.open_orders)) : ""}
            line={row.email || row.phone}
            aside={t("locations.itemCount", { count: row.items })}
          />
        )}
        isLoading={list.isPending}
        error={list.error}
        isForbidden={!workspace.can(PRICES)}
        empty={
          <StateBlock
            icon={IconTruckDelivery}
            title={t("suppliers.emptyTitle")}
            text={t("suppliers.emptyText")}
          >
            {add}
          </StateBlock>
        }
        onRetry={() => void list.refetch()}
        onOpen={(row) =>
          void navigate({
            to: "/w/$workspace/inventory/suppliers/$supplier",
            params: { ...params, supplier: row.id },
          })
        }
        hasMore={list.hasNextPage}
        onMore={() => {
          if (!list.isFetchingNextPage) void list.fetchNextPage();
        }}
      />
    </Page>
  );
}

function openOf(count: string): string {
  return `${t("suppliers.open")}: ${count}`;
}

function columnsOf(integer: (count: number) => string): readonly Column<Supplier>[] {
  return [
    {
      id: "name",
      header: t("suppliers.name"),
      width: "minmax(180px, 2fr)",
      cell: (row) => <bdi className="hf-clip">{row.name}</bdi>,
    },
    {
      id: "email",
      header: t("suppliers.email"),
      width: "minmax(140px, 1.5fr)",
      cell: (row) => <bdi className="hf-clip hf-dim">{row.email}</bdi>,
    },
    {
      id: "phone",
      header: t("suppliers.phone"),
      width: "minmax(110px, 1fr)",
      cell: (row) => <bdi className="hf-clip hf-dim">{row.phone}</bdi>,
    },
    {
      id: "items",
      header: t("suppliers.items"),
      width: "90px",
      align: "end",
      cell: (row) => <span className="hf-number">{integer(row.items)}</span>,
    },
    {
      id: "open",
      header: t("suppliers.open"),
      width: "120px",
      align: "end",
      cell: (row) => (
        <span className="hf-number">{row.open_orders > 0 ? integer(row.open_orders) : ""}</span>
      ),
    },
  ];
}
