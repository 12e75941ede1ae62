import { Menu } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconFileText, IconPlus, IconScale } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import type { OrderSummary } from "@/api/types";
import { t, useFormat, type Formatter } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { ActionsMenu } from "@/ui/ActionsMenu";
import { FilterBar, FilterChip } from "@/ui/FilterChips";
import { LinkButton } from "@/ui/LinkButton";
import { Page } from "@/ui/Page";
import { StateBlock } from "@/ui/StateBlock";
import { DataTable, PhoneRow, type Column } from "@/ui/table";
import { Money, When } from "@/ui/values";
import { PRICES, WRITE } from "../permissions";
import { supplierChoicesQuery } from "../suppliers/queries";
import { DraftFromLow } from "./DraftFromLow";
import { OrderStatusTags } from "./OrderStatus";
import { ORDER_STATUSES, ordersQuery, type OrderFilter } from "./queries";
import { Tolerance } from "./ToleranceDialog";

/** What was ordered, newest first. */
export function OrdersScreen() {
  const workspace = useWorkspace();
  const filter = useSearch({ from: "/frame/w/$workspace/inventory/orders" });
  const navigate = useNavigate({ from: "/w/$workspace/inventory/orders" });
  const format = useFormat();
  const list = useInfiniteQuery({
    ...ordersQuery(workspace.id, filter),
    enabled: workspace.can(PRICES),
  });
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const columns = useMemo(() => columnsOf(format), [format]);
  const isFiltered = Boolean(filter.status ?? filter.supplier_id);
  const change = (next: OrderFilter) => void navigate({ search: next, replace: true });
  const may = workspace.can(PRICES) && workspace.can(WRITE);
  return (
    <Page
      title={t("orders.title")}
      tabTitle={t("orders.title")}
      layout="fill"
      actions={may && <Actions />}
    >
      <Filters filter={filter} onChange={change} />
      <DataTable
        label={t("orders.title")}
        columns={columns}
        rows={rows}
        rowKey={(row) => row.id}
        rowVersion={(row) => String(row.version)}
        scope={JSON.stringify(filter)}
        phoneRow={(row) => (
          <PhoneRow
            title={row.supplier_name || t("orders.noSupplier")}
            value={<Money value={row.total_cost} />}
            line={<OrderStatusTags order={row} />}
            aside={row.po_number}
          />
        )}
        isLoading={list.isPending}
        error={list.error}
        isForbidden={!workspace.can(PRICES)}
        empty={
          <StateBlock
            icon={IconFileText}
            title={t(isFiltered ? "orders.noneFits" : "orders.emptyTitle")}
            {...(isFiltered ? {} : { text: t("orders.emptyText") })}
          />
        }
        onRetry={() => void list.refetch()}
        onOpen={(row) =>
          void navigate({
            to: "/w/$workspace/inventory/orders/$order",
            params: { workspace: workspace.id, order: row.id },
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

function Actions() {
  const workspace = useWorkspace();
  const [sets, setSets] = useState(false);
  return (
    <>
      <DraftFromLow />
      <LinkButton
        to="/w/$workspace/inventory/orders/new"
        params={{ workspace: workspace.id }}
        leftSection={<IconPlus size={16} aria-hidden />}
      >
        {t("orders.new")}
      </LinkButton>
      <ActionsMenu label={t("orders.how")} size={36}>
        <Menu.Item leftSection={<IconScale size={16} aria-hidden />} onClick={() => setSets(true)}>
          {t("orders.tolerance")}
        </Menu.Item>
      </ActionsMenu>
      {sets && <Tolerance onClose={() => setSets(false)} />}
    </>
  );
}

function Filters({
  filter,
  onChange,
}: {
  readonly filter: OrderFilter;
  readonly onChange: (next: OrderFilter) => void;
}) {
  const workspace = useWorkspace();
  const { status, supplier_id } = filter;
  const isOfOne = supplier_id !== undefined;
  const suppliers = useQuery({ ...supplierChoicesQuery(workspace.id), enabled: isOfOne });
  return (
    <FilterBar>
      <FilterChip
        label={t("orders.state")}
        value={status ?? null}
        options={ORDER_STATUSES.map((value) => ({ value, label: t(`orders.status.${value}`) }))}
        onChange={(value) => {
          const next = ORDER_STATUSES.find((one) => one === value);
          onChange({ ...(next ? { status: next } : {}), ...(isOfOne ? { supplier_id } : {}) });
        }}
      />
      {isOfOne && (
        <FilterChip
          label={t("orders.supplier")}
          value={supplier_id}
          options={(suppliers.data ?? [])
            .filter((one) => one.id === supplier_id)
            .map((one) => ({ value: one.id, label: one.name }))}
          onChange={() => onChange(status ? { status } : {})}
        />
      )}
    </FilterBar>
  );
}

function columnsOf(format: Formatter): readonly Column<OrderSummary>[] {
  return [
    {
      id: "number",
      header: t("orders.number"),
      width: "minmax(100px, 140px)",
      cell: (row) => <bdi className="hf-clip hf-mono">{row.po_number}</bdi>,
    },
    {
      id: "supplier",
      header: t("orders.supplier"),
      width: "minmax(160px, 2fr)",
      cell: (row) =>
        row.supplier_name ? (
          <bdi className="hf-clip">{row.supplier_name}</bdi>
        ) : (
          <span className="hf-dim">{t("orders.noSupplier")}</span>
        ),
    },
    {
      id: "status",
      header: t("orders.state"),
      width: "minmax(130px, 220px)",
      cell: (row) => <OrderStatusTags order={row} />,
    },
    {
      id: "expected",
      header: t("orders.expectedShort"),
      width: "120px",
      cell: (row) => {
        const start = row.expected_on ? format.dayStart(row.expected_on) : undefined;
        return start && <span className="hf-number">{format.date(start)}</span>;
      },
    },
    {
      id: "made",
      header: t("orders.made"),
      width: "130px",
      cell: (row) => <When at={row.created_at} />,
    },
    {
      id: "total",
      header: t("orders.total"),
      width: "130px",
      align: "end",
      cell: (row) => <Money value={row.total_cost} />,
    },
  ];
}
