import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconStack2 } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import type { Item, StockRow } from "@/api/types";
import { t } from "@/i18n";
import { signOf } from "@/i18n/decimal";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { FilterBar, FilterChip, ToggleChip } from "@/ui/FilterChips";
import { LinkButton } from "@/ui/LinkButton";
import { Page } from "@/ui/Page";
import { StateBlock } from "@/ui/StateBlock";
import { Tag } from "@/ui/Tag";
import { DataTable, PhoneRow, type Column } from "@/ui/table";
import { Qty } from "@/ui/values";
import { Hidden } from "../Hidden";
import { ItemPicker } from "../items/ItemPicker";
import { itemQuery } from "../items/queries";
import { locationsQuery } from "../locations/queries";
import { MOVE, READ } from "../permissions";
import { stockQuery, type StockFilter } from "./queries";
import classes from "./stock.module.css";

export function StockScreen() {
  const workspace = useWorkspace();
  const filter = useSearch({ from: "/frame/w/$workspace/inventory/stock" });
  const navigate = useNavigate({ from: "/w/$workspace/inventory/stock" });
  const stock = useInfiniteQuery({
    ...stockQuery(workspace.id, filter),
    enabled: workspace.can(READ),
  });
  const rows = useMemo(
    () =>
      (stock.data?.pages.flatMap((page) => page.items) ?? []).filter(
        (row) => !row.qty || signOf(row.qty) !== 0,
      ),
    [stock.data],
  );
  const change = (next: { [K in keyof StockFilter]: StockFilter[K] | null }) =>
    void navigate({
      search: (old) =>
        Object.fromEntries(Object.entries({ ...old, ...next }).filter(([, value]) => value)),
      replace: true,
    });
  const params = { workspace: workspace.id };
  const columns: readonly Column<StockRow>[] = [
    {
      id: "item",
      header: t("items.one"),
      width: "minmax(200px, 2fr)",
      cell: (row) => (
        <bdi className="hf-clip" title={row.item_name}>
          {row.item_name}
        </bdi>
      ),
    },
    {
      id: "number",
      header: t("items.number"),
      width: "minmax(96px, 160px)",
      cell: (row) => <bdi className="hf-clip hf-mono hf-dim">{row.item_number}</bdi>,
    },
    {
      id: "place",
      header: t("movements.place"),
      width: "minmax(140px, 1.4fr)",
      cell: (row) => (
        <>
          <bdi className="hf-clip">{row.location_name}</bdi>
          <bdi className="hf-mono hf-dim">{row.location_code}</bdi>
        </>
      ),
    },
    {
      id: "qty",
      header: t("items.onHand"),
      width: "170px",
      align: "end",
      cell: (row) => <StockQty row={row} />,
    },
  ];
  return (
    <Page
      title={t("stock.title")}
      tabTitle={t("stock.title")}
      layout="fill"
      actions={
        workspace.can(MOVE) && (
          <LinkButton
            to="/w/$workspace/inventory/movements"
            params={params}
            search={{ post: "receive" }}
          >
            {t("movements.do.receive")}
          </LinkButton>
        )
      }
    >
      <StockFilters filter={filter} onChange={change} />
      <Hidden when={rows.some((row) => !row.qty)} />
      <DataTable
        label={t("stock.title")}
        columns={columns}
        rows={rows}
        rowKey={(row) => `${row.item_id} ${row.location_id}`}
        rowVersion={(row) => row.qty ?? ""}
        scope={JSON.stringify(filter)}
        phoneRow={(row) => (
          <PhoneRow
            title={row.item_name}
            value={<StockQty row={row} />}
            line={row.location_name}
            aside={row.item_number}
          />
        )}
        isLoading={stock.isPending}
        error={stock.error}
        isForbidden={!workspace.can(READ)}
        empty={
          <StateBlock
            icon={IconStack2}
            title={t(Object.keys(filter).length > 0 ? "stock.noMatch" : "stock.emptyTitle")}
            text={t("stock.emptyText")}
          />
        }
        onRetry={() => void stock.refetch()}
        onOpen={(row) =>
          void navigate({
            to: "/w/$workspace/inventory/items/$item",
            params: { ...params, item: row.item_id },
          })
        }
        hasMore={stock.hasNextPage}
        onMore={() => {
          if (!stock.isFetchingNextPage) void stock.fetchNextPage();
        }}
      />
    </Page>
  );
}

function StockQty({ row }: { readonly row: StockRow }) {
  return (
    <>
      {row.qty && signOf(row.qty) < 0 && <Tag tone="danger">{t("stock.negative")}</Tag>}
      <Qty value={row.qty} unit={row.unit} />
    </>
  );
}

function StockFilters({
  filter,
  onChange,
}: {
  readonly filter: StockFilter;
  readonly onChange: (next: { [K in keyof StockFilter]: StockFilter[K] | null }) => void;
}) {
  const workspace = useWorkspace();
  const locations = useQuery({ ...locationsQuery(workspace.id), enabled: workspace.can(READ) });
  const item = useQuery({
    ...itemQuery(workspace.id, filter.item_id ?? ""),
    enabled: Boolean(filter.item_id),
  });
  const [picked, setPicked] = useState<Item | null>(null);
  return (
    <FilterBar
      search={
        <div className={classes.picker}>
          <ItemPicker
            key={filter.item_id ?? "any"}
            label={t("stock.item")}
            item={filter.item_id ? (item.data ?? picked) : null}
            onPick={(next) => {
              setPicked(next);
              onChange({ item_id: next?.id ?? null });
            }}
          />
        </div>
      }
    >
      <FilterChip
        label={t("movements.place")}
        value={filter.location_id ?? null}
        options={(locations.data ?? [])
          .filter((one) => !one.deleted_at)
          .map((one) => ({ value: one.id, label: one.name, hint: one.code }))}
        onChange={(location_id) => onChange({ location_id })}
      />
      <ToggleChip
        label={t("stock.belowZero")}
        isOn={filter.below_zero === true}
        onChange={(isOn) => onChange({ below_zero: isOn ? true : null })}
      />
    </FilterBar>
  );
}
