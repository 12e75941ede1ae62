import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Button } from "@mantine/core";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { IconChecks, IconPackage, IconPlus, IconUpload } from "@tabler/icons-react";
import { lazy, Suspense, useCallback, useMemo, useRef, useState } from "react";
import type { Item } from "@/api/types";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { FilterBar, FilterChip, MenuChip, SearchBox, ToggleChip } from "@/ui/FilterChips";
import { LinkButton } from "@/ui/LinkButton";
import { Page } from "@/ui/Page";
import { WithPanel } from "@/ui/SidePanel";
import { StateBlock } from "@/ui/StateBlock";
import { Tag } from "@/ui/Tag";
import { useIsPhone } from "@/ui/useIsPhone";
import { DataTable, PhoneRow, type Column, type TableHandle } from "@/ui/table";
import { Money, Qty, When } from "@/ui/values";
import { withTexts } from "@/withTexts";
import { locationsQuery } from "../locations/queries";
import { IMPORT, PRICES, READ, WRITE } from "../permissions";
import { Zone, zoneName } from "../Zone";
import { toggled } from "./chosen";
import { categoriesQuery, itemsQuery, type ItemFilter } from "./queries";

const DEFAULT_SORT = "name";
const ChooseBar = lazy(withTexts(() => import("./ChooseBar"), "choosing"));
const ItemPanel = lazy(() => import("./ItemPanel"));
const SavedFilters = lazy(withTexts(() => import("./saved/SavedFilters"), "filters"));

export function ItemsScreen() {
  const workspace = useWorkspace();
  const isPhone = useIsPhone();
  const { panel, ...filter } = useSearch({ from: "/frame/w/$workspace/inventory/items" });
  const navigate = useNavigate({ from: "/w/$workspace/inventory/items" });
  const table = useRef<TableHandle>(null);
  const items = useInfiniteQuery({
    ...itemsQuery(workspace.id, filter),
    enabled: workspace.can(READ),
  });
  const rows = useMemo(() => items.data?.pages.flatMap((page) => page.items) ?? [], [items.data]);
  const first = items.data?.pages[0];
  const total =
    typeof first?.total === "number"
      ? { count: first.total, isMore: first.total_is_more === true }
      : null;

  const change = useCallback(
    (next: Partial<Record<keyof ItemFilter, string | true | null>>) =>
      void navigate({ search: (old) => compact({ ...old, ...next }), replace: true }),
    [navigate],
  );
  const onSearch = useCallback((q: string) => change({ q: q || null }), [change]);
  const show = (item: Item | null) =>
    void navigate({ search: (old) => compact({ ...old, panel: item?.id ?? null }), replace: true });
  const open = (item: Item) =>
    void navigate({
      to: "/w/$workspace/inventory/items/$item",
      params: { workspace: workspace.id, item: item.id },
    });
  const [chosen, setChosen] = useState<ReadonlyMap<string, Item> | null>(null);
  const toggle = (item: Item | null) =>
    setChosen((old) => (old && item ? toggled(old, item) : old));
  const isFiltered = Boolean(filter.q || filter.category || filter.location || filter.low);
  const seesPrices = workspace.can(PRICES);
  const columns = useMemo(
    () => itemColumns(workspace.id, seesPrices && !panel, !panel),
    [workspace.id, seesPrices, panel],
  );

  return (
    <Page
      title={t("items.title")}
      tabTitle={t("items.title")}
      layout="fill"
      actions={
        workspace.can(WRITE) && (
          <>
            {rows.length > 0 && !chosen && (
              <Button
                variant="default"
                leftSection={<IconChecks size={16} aria-hidden />}
                onClick={() => {
                  show(null);
                  setChosen(new Map());
                }}
              >
                {t("items.choose")}
              </Button>
            )}
            <LinkButton
              to="/w/$workspace/inventory/items/new"
              params={{ workspace: workspace.id }}
              leftSection={<IconPlus size={16} aria-hidden />}
            >
              {t("items.new")}
            </LinkButton>
          </>
        )
      }
    >
      <WithPanel
        panel={
          panel &&
          !isPhone && (
            <Suspense>
              <ItemPanel
                id={panel}
                onClose={() => {
                  show(null);
                  table.current?.focus();
                }}
              />
            </Suspense>
          )
        }
      >
        <ItemFilters
          filter={filter}
          onSearch={onSearch}
          onChange={change}
          onDown={() => table.current?.focus()}
        />
        {chosen && (
          <Suspense>
            <ChooseBar chosen={chosen} rows={rows} onChosen={setChosen} />
          </Suspense>
        )}
        <DataTable
          ref={table}
          label={t("items.title")}
          columns={columns}
          rows={rows}
          rowKey={(item) => item.id}
          rowVersion={(item) => `${item.version} ${item.on_hand}`}
          scope={JSON.stringify(filter)}
          phoneRow={(item) => <ItemPhoneRow item={item} />}
          isLoading={items.isPending}
          error={items.error}
          isForbidden={!workspace.can(READ)}
          empty={
            isFiltered ? (
              <NoMatch onClear={() => void navigate({ search: {}, replace: true })} />
            ) : (
              <NoItems />
            )
          }
          onRetry={() => void items.refetch()}
          sort={filter.sort ?? DEFAULT_SORT}
          onSort={(sort) => change({ sort: sort === DEFAULT_SORT ? null : sort })}
          selected={panel ?? null}
          chosen={chosen && new Set(chosen.keys())}
          onSelect={chosen ? toggle : show}
          onOpen={chosen ? toggle : open}
          hasMore={items.hasNextPage}
          onMore={() => {
            if (!items.isFetchingNextPage) void items.fetchNextPage();
          }}
          total={total}
        />
      </WithPanel>
    </Page>
  );
}

interface FilterProps {
  readonly filter: ItemFilter;
  readonly onSearch: (q: string) => void;
  readonly onChange: (next: Partial<Record<keyof ItemFilter, string | true | null>>) => void;
  readonly onDown: () => void;
}

function ItemFilters({ filter, onSearch, onChange, onDown }: FilterProps) {
  const workspace = useWorkspace();
  const categories = useQuery({ ...categoriesQuery(workspace.id), enabled: workspace.can(READ) });
  const locations = useQuery({ ...locationsQuery(workspace.id), enabled: workspace.can(READ) });
  return (
    <FilterBar
      search={
        <SearchBox
          value={filter.q ?? ""}
          label={t("items.search")}
          onChange={onSearch}
          onDown={onDown}
        />
      }
    >
      <Suspense fallback={<MenuChip label={t("items.savedFilters")} />}>
        <SavedFilters filter={filter} onChange={onChange} />
      </Suspense>
      <FilterChip
        label={t("items.category")}
        value={filter.category ?? null}
        options={(categories.data ?? []).map((one) => ({
          value: one.category,
          label: one.category,
          hint: String(one.count),
        }))}
        onChange={(category) => onChange({ category })}
      />
      <FilterChip
        label={t("items.place")}
        value={filter.location ?? null}
        options={(locations.data ?? [])
          .filter((one) => !one.deleted_at)
          .map((one) => ({ value: one.id, label: one.name, hint: one.code }))}
        onChange={(location) => onChange({ location })}
        gone={locations.data && t("items.placeGone")}
      />
      <ToggleChip
        label={t("items.low")}
        isOn={filter.low === true}
        onChange={(isOn) => onChange({ low: isOn ? true : null })}
      />
    </FilterBar>
  );
}

function itemColumns(workspace: string, seesPrices: boolean, isWide: boolean): Column<Item>[] {
  const columns: (Column<Item> | null)[] = [
    {
      id: "name",
      header: t("items.name"),
      width: "minmax(200px, 2.4fr)",
      sortBy: "name",
      cell: (item) => (
        <Link
          to="/w/$workspace/inventory/items/$item"
          params={{ workspace, item: item.id }}
          className="hf-clip hf-quiet-link"
          tabIndex={-1}
          dir="auto"
          title={item.name}
          onClick={(event) => {
            // A plain click belongs to the row; a click with a key opens another tab.
            if (!event.ctrlKey && !event.metaKey && !event.shiftKey) event.preventDefault();
          }}
        >
          {item.name}
        </Link>
      ),
    },
    {
      id: "number",
      header: t("items.number"),
      width: "minmax(96px, 140px)",
      sortBy: "item_number",
      cell: (item) => <bdi className="hf-clip hf-mono hf-dim">{item.item_number}</bdi>,
    },
    {
      id: "category",
      header: t("items.category"),
      width: "minmax(90px, 1fr)",
      cell: (item) => <bdi className="hf-clip hf-dim">{item.category ?? ""}</bdi>,
    },
    isWide
      ? {
          id: "zone",
          header: t("items.zone"),
          width: "96px",
          cell: (item) => item.temp_zone && <Zone zone={item.temp_zone} />,
        }
      : null,
    {
      id: "on_hand",
      header: t("items.onHand"),
      width: "minmax(110px, 150px)",
      align: "end",
      sortBy: "on_hand",
      cell: (item) => (
        <>
          {item.low && <Tag tone="caution">{t("items.lowTag")}</Tag>}
          <Qty value={item.on_hand} unit={item.unit} />
        </>
      ),
    },
    seesPrices
      ? {
          id: "cost",
          header: t("items.cost"),
          width: "110px",
          align: "end",
          cell: (item) => item.unit_cost && <Money value={item.unit_cost} />,
        }
      : null,
    isWide
      ? {
          id: "updated",
          header: t("items.updated"),
          width: "150px",
          align: "end",
          sortBy: "updated_at",
          cell: (item) => (
            <span className="hf-dim">
              <When at={item.updated_at} />
            </span>
          ),
        }
      : null,
  ];
  return columns.filter((column) => column !== null);
}

function ItemPhoneRow({ item }: { readonly item: Item }) {
  return (
    <PhoneRow
      title={item.name}
      value={<Qty value={item.on_hand} unit={item.unit} />}
      line={[item.item_number, item.category].filter(Boolean).join(" · ")}
      aside={
        item.low ? (
          <Tag tone="caution">{t("items.lowTag")}</Tag>
        ) : (
          item.temp_zone && zoneName(item.temp_zone)
        )
      }
    />
  );
}

function NoMatch({ onClear }: { readonly onClear: () => void }) {
  return (
    <StateBlock icon={IconPackage} title={t("items.noMatch")}>
      <button type="button" className="hf-link" onClick={onClear}>
        {t("items.clearFilters")}
      </button>
    </StateBlock>
  );
}

function NoItems() {
  const workspace = useWorkspace();
  const params = { workspace: workspace.id };
  return (
    <StateBlock icon={IconPackage} title={t("items.emptyTitle")} text={t("items.emptyText")}>
      {workspace.can(IMPORT) && (
        <LinkButton
          to="/w/$workspace/inventory/import"
          params={params}
          leftSection={<IconUpload size={16} aria-hidden />}
        >
          {t("items.emptyImport")}
        </LinkButton>
      )}
      {workspace.can(WRITE) && (
        <LinkButton to="/w/$workspace/inventory/items/new" params={params} variant="default">
          {t("items.new")}
        </LinkButton>
      )}
    </StateBlock>
  );
}

/** Filters that are off do not stand in the address. */
function compact(
  search: Record<string, string | true | null | undefined>,
): ItemFilter & { panel?: string } {
  return Object.fromEntries(
    Object.entries(search).filter(([, value]) => value !== null && value !== undefined),
  );
}
