import { Button, Menu } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconArrowsExchange, IconChevronDown } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import type { Movement } from "@/api/types";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { DateBox } from "@/ui/DateBox";
import { FilterBar, FilterChip } from "@/ui/FilterChips";
import { Page } from "@/ui/Page";
import { StateBlock } from "@/ui/StateBlock";
import { DataTable, PhoneRow, type Column } from "@/ui/table";
import { Money, Qty, When } from "@/ui/values";
import { itemQuery } from "../items/queries";
import { locationsQuery } from "../locations/queries";
import { MOVE, PRICES, READ } from "../permissions";
import { MovementDetails } from "./MovementDetails";
import { MovementDialog } from "./MovementDialog";
import { Hidden } from "../Hidden";
import { MovementTag, MovementIcon } from "./MovementTag";
import { posterName } from "./poster";
import { MOVEMENT_TYPES, movementsQuery, type MovementFilter, type MovementType } from "./queries";
import { QuickEntryBar } from "./QuickEntryBar";

export function MovementsScreen() {
  const workspace = useWorkspace();
  const {
    post,
    for: forItem,
    ...filter
  } = useSearch({ from: "/frame/w/$workspace/inventory/movements" });
  const navigate = useNavigate({ from: "/w/$workspace/inventory/movements" });
  const movements = useInfiniteQuery({
    ...movementsQuery(workspace.id, filter),
    enabled: workspace.can(READ),
  });
  const rows = useMemo(
    () => movements.data?.pages.flatMap((page) => page.items) ?? [],
    [movements.data],
  );
  const [shown, setShown] = useState<Movement | null>(null);
  const seesPrices = workspace.can(PRICES);
  const columns = useMemo(() => movementColumns(seesPrices), [seesPrices]);
  const setPost = (type: MovementType | null) =>
    void navigate({ search: (old) => clean({ ...old, post: type, for: null }), replace: true });
  const isFiltered = Object.keys(filter).length > 0;

  return (
    <Page
      title={t("movements.title")}
      tabTitle={t("movements.title")}
      layout="fill"
      actions={workspace.can(MOVE) && <NewMovement onChoose={setPost} />}
    >
      {workspace.can(MOVE) && <QuickEntryBar />}
      <MovementFilters
        filter={filter}
        onChange={(next) =>
          void navigate({ search: (old) => clean({ ...old, ...next }), replace: true })
        }
      />
      <Hidden when={rows.some((row) => row.qty === undefined)} />
      <DataTable
        label={t("movements.title")}
        columns={columns}
        rows={rows}
        rowKey={(row) => row.id}
        rowVersion={(row) => row.reversed_by ?? ""}
        scope={JSON.stringify(filter)}
        phoneRow={(row) => (
          <PhoneRow
            title={row.item_name}
            value={<Qty value={row.qty} unit={row.unit} signed />}
            line={`${t(`movements.type.${row.type}`)} · ${row.location_name}`}
            aside={<When at={row.effective_at} />}
          />
        )}
        isLoading={movements.isPending}
        error={movements.error}
        isForbidden={!workspace.can(READ)}
        empty={
          <StateBlock
            icon={IconArrowsExchange}
            title={t(isFiltered ? "movements.noMatch" : "movements.emptyTitle")}
            text={isFiltered ? "" : t("movements.emptyText")}
          />
        }
        onRetry={() => void movements.refetch()}
        onOpen={setShown}
        hasMore={movements.hasNextPage}
        onMore={() => {
          if (!movements.isFetchingNextPage) void movements.fetchNextPage();
        }}
      />
      <MovementDetails movement={shown} onClose={() => setShown(null)} />
      {post && <PostDialog type={post} itemId={forItem ?? null} onClose={() => setPost(null)} />}
    </Page>
  );
}

/** Waits for the item named in the address before it opens. */
function PostDialog({
  type,
  itemId,
  onClose,
}: {
  readonly type: MovementType;
  readonly itemId: string | null;
  readonly onClose: () => void;
}) {
  const workspace = useWorkspace();
  const item = useQuery({ ...itemQuery(workspace.id, itemId ?? ""), enabled: itemId !== null });
  if (itemId !== null && item.isPending) return null;
  return <MovementDialog type={type} item={item.data ?? null} onClose={onClose} />;
}

function NewMovement({ onChoose }: { readonly onChoose: (type: MovementType) => void }) {
  return (
    <Button.Group>
      <Button onClick={() => onChoose("receive")}>{t("movements.do.receive")}</Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button
            px={8}
            aria-label={t("movements.other")}
            style={{
              borderInlineStart:
                "1px solid color-mix(in srgb, var(--hf-on-accent) 30%, transparent)",
            }}
          >
            <IconChevronDown size={16} aria-hidden />
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {MOVEMENT_TYPES.map((type) => (
            <Menu.Item
              key={type}
              leftSection={<MovementIcon type={type} />}
              onClick={() => onChoose(type)}
            >
              {t(`movements.title.${type}`)}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </Button.Group>
  );
}

type Change = Partial<Record<keyof MovementFilter, string | null | undefined>>;

function MovementFilters({
  filter,
  onChange,
}: {
  readonly filter: MovementFilter;
  readonly onChange: (next: Change) => void;
}) {
  const workspace = useWorkspace();
  const locations = useQuery({ ...locationsQuery(workspace.id), enabled: workspace.can(READ) });
  const item = useQuery({
    ...itemQuery(workspace.id, filter.item_id ?? ""),
    enabled: Boolean(filter.item_id),
  });
  return (
    <FilterBar>
      <FilterChip
        label={t("movements.type")}
        value={filter.type ?? null}
        options={MOVEMENT_TYPES.map((type) => ({
          value: type,
          label: t(`movements.type.${type}`),
        }))}
        onChange={(type) => onChange({ type })}
      />
      <FilterChip
        label={t("movements.place")}
        value={filter.location_id ?? null}
        options={(locations.data ?? [])
          .filter((one) => !one.deleted_at)
          .map((one) => ({ value: one.id, label: one.name, hint: one.code }))}
        onChange={(location_id) => onChange({ location_id })}
      />
      {filter.item_id && (
        <FilterChip
          label={t("items.one")}
          value={filter.item_id}
          options={item.data ? [{ value: item.data.id, label: item.data.name }] : []}
          onChange={(item_id) => onChange({ item_id })}
        />
      )}
      <DateBox
        label={t("audit.filter.from")}
        value={filter.from}
        onChange={(from) => onChange({ from })}
      />
      <DateBox
        label={t("audit.filter.to")}
        value={filter.to}
        onChange={(to) => onChange({ to })}
        isEnd
      />
    </FilterBar>
  );
}

function movementColumns(seesPrices: boolean): Column<Movement>[] {
  const columns: (Column<Movement> | null)[] = [
    {
      id: "when",
      header: t("movements.when"),
      width: "156px",
      cell: (row) => <When at={row.effective_at} />,
    },
    {
      id: "type",
      header: t("movements.type"),
      width: "minmax(104px, 150px)",
      cell: (row) => <MovementTag movement={row} />,
    },
    {
      id: "item",
      header: t("items.one"),
      width: "minmax(180px, 2.6fr)",
      cell: (row) => (
        <bdi className="hf-clip" title={row.item_name}>
          {row.item_name}
        </bdi>
      ),
    },
    {
      id: "place",
      header: t("movements.place"),
      width: "minmax(110px, 1.2fr)",
      cell: (row) => <bdi className="hf-clip">{row.location_name}</bdi>,
    },
    {
      id: "qty",
      header: t("movements.qty"),
      width: "120px",
      align: "end",
      cell: (row) => <Qty value={row.qty} unit={row.unit} signed />,
    },
    seesPrices
      ? {
          id: "value",
          header: t("items.value"),
          width: "110px",
          align: "end",
          cell: (row) => row.value && <Money value={row.value} />,
        }
      : null,
    {
      id: "reference",
      header: t("movements.reference"),
      width: "minmax(80px, 1fr)",
      cell: (row) => <bdi className="hf-clip hf-dim">{row.reference || row.note}</bdi>,
    },
    {
      id: "by",
      header: t("movements.by"),
      width: "minmax(80px, 1fr)",
      cell: (row) => <bdi className="hf-clip hf-dim">{posterName(row)}</bdi>,
    },
  ];
  return columns.filter((column) => column !== null);
}

function clean(
  search: Record<string, string | null | undefined>,
): MovementFilter & { post?: MovementType; for?: string } {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value));
}
