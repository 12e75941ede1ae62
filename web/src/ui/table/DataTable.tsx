import { useVirtualizer } from "@tanstack/react-virtual";
import {
  useEffect,
  useId,
  useImperativeHandle,
  useRef,
  useState,
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
  type Ref,
} from "react";
import { t, useFormat } from "@/i18n";
import { ROW_HEIGHT_PX, storedDensity } from "@/theme/appearance";
import { ProblemAlert } from "../ProblemAlert";
import { FailedState, NoPermission } from "../StateBlock";
import { useIsPhone } from "../useIsPhone";
import { gridAction } from "./gridKeys";
import { EmptyPlace, HeaderRow, SkeletonRows } from "./parts";
import { usePrinting } from "./usePrinting";
import { usePulse } from "./usePulse";
import classes from "./DataTable.module.css";

export interface Column<Row> {
  readonly id: string;
  readonly header: string;
  /** A grid track: `minmax(160px, 2fr)`, `120px`. */
  readonly width: string;
  readonly align?: "end";
  readonly sortBy?: string;
  readonly cell: (row: Row) => ReactNode;
}

export interface TableHandle {
  focus(): void;
}

interface Props<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly rowKey: (row: Row) => string;
  /** Changes when the row's content does; a change pulses once. */
  readonly rowVersion: (row: Row) => string;
  /** Names the list (filters and order); rows are compared only within one. */
  readonly scope: string;
  readonly phoneRow: (row: Row) => ReactNode;
  /** Height of a row on a phone, in pixels, where two lines are not enough. */
  readonly phoneRowPx?: number;
  readonly isLoading: boolean;
  readonly error: unknown;
  readonly isForbidden: boolean;
  readonly empty: ReactNode;
  readonly onRetry?: () => void;
  readonly sort?: string;
  readonly onSort?: (sort: string) => void;
  readonly selected?: string | null;
  /** Keys of the rows that are marked, where several can be. */
  readonly chosen?: ReadonlySet<string> | null;
  readonly onSelect?: (row: Row | null) => void;
  readonly onOpen?: (row: Row) => void;
  readonly hasMore?: boolean;
  readonly onMore?: () => void;
  readonly total?: { readonly count: number; readonly isMore: boolean } | null;
  readonly ref?: Ref<TableHandle>;
}

const PHONE_ROW_PX = 62;
const OVERSCAN_ROWS = 12;
/** More rows are asked for when this many are left below. */
const AHEAD_ROWS = 30;

/**
 * The list every screen uses: only the rows in sight are in the page, and it cannot be drawn
 * without saying what it shows while loading, when empty, when refused and when it failed.
 */
export function DataTable<Row>(props: Props<Row>) {
  const { rows, columns, rowKey, hasMore = false, onMore } = props;
  const isPhone = useIsPhone();
  const isPrinting = usePrinting();
  const scroller = useRef<HTMLDivElement>(null);
  const hadFocus = useRef(false);
  const [active, setActive] = useState(-1);
  const id = useId();
  const rowPx = isPhone ? (props.phoneRowPx ?? PHONE_ROW_PX) : ROW_HEIGHT_PX[storedDensity()];
  const keys = rows.map(rowKey);
  const pulsing = usePulse(
    keys,
    rows.map((row, index) => `${keys[index] ?? ""} ${props.rowVersion(row)}`),
    props.scope,
  );
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPx,
    overscan: OVERSCAN_ROWS,
    initialRect: { width: 800, height: 600 },
  });
  useImperativeHandle(props.ref, () => ({ focus: () => scroller.current?.focus() }));
  useEffect(() => virtual.measure(), [rowPx, virtual]);
  useEffect(() => {
    setActive(-1);
    scroller.current?.scrollTo?.({ top: 0 });
  }, [props.scope]);

  const items = virtual.getVirtualItems();
  const drawn = isPrinting ? rows.map((_, index) => ({ index, start: index * rowPx })) : items;
  const last = items.at(-1)?.index ?? 0;
  const hasFailed = Boolean(props.error);
  useEffect(() => {
    // What was refused is not asked for again and again: somebody has to want it.
    if (hasMore && !hasFailed && last >= rows.length - AHEAD_ROWS) onMore?.();
  }, [hasMore, hasFailed, last, rows.length, onMore]);

  const select = (index: number, isSecond: boolean) => {
    const row = rows[index];
    if (!row) return;
    setActive(index);
    if (props.onSelect && !isPhone) {
      if (isSecond || props.selected === rowKey(row)) props.onOpen?.(row);
      else props.onSelect(row);
    } else props.onOpen?.(row);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target !== event.currentTarget || event.ctrlKey || event.metaKey || event.altKey)
      return;
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? rowPx) / rowPx) - 2);
    const action = gridAction(event.key, active, rows.length, page);
    if (!action) return;
    const row = rows[active];
    if (action.kind === "leave") {
      if (props.selected) props.onSelect?.(null);
      return;
    }
    event.preventDefault();
    if (action.kind === "move") {
      setActive(action.index);
      virtual.scrollToIndex(action.index, { align: "auto" });
      const next = rows[action.index];
      if (props.selected && next) props.onSelect?.(next);
    } else if (row && action.kind === "open") props.onOpen?.(row);
    else if (row) props.onSelect?.(props.selected === rowKey(row) ? null : row);
  };

  if (props.isForbidden) return <NoPermission />;
  if (props.error && rows.length === 0)
    return <FailedState error={props.error} onRetry={props.onRetry} />;
  if (!props.isLoading && rows.length === 0)
    return <EmptyPlace hadFocus={hadFocus}>{props.empty}</EmptyPlace>;
  const template = { gridTemplateColumns: columns.map((column) => column.width).join(" ") };

  return (
    <>
      {hasFailed && (
        <div className={classes.failure}>
          <ProblemAlert error={props.error} onRetry={props.onRetry} />
        </div>
      )}
      <div className={classes.frame}>
        <div
          ref={scroller}
          className={classes.scroller}
          role="grid"
          tabIndex={0}
          aria-label={props.label}
          aria-rowcount={hasMore ? -1 : rows.length + 1}
          aria-colcount={isPhone ? 1 : columns.length}
          aria-busy={props.isLoading}
          aria-multiselectable={props.chosen ? true : undefined}
          data-choosing={props.chosen ? true : undefined}
          aria-activedescendant={active >= 0 ? `${id}-${active}` : undefined}
          onKeyDown={onKeyDown}
          onBlur={() => (hadFocus.current = false)}
          onFocus={(event) => {
            hadFocus.current = true;
            if (event.target === event.currentTarget && active < 0 && rows.length > 0) setActive(0);
          }}
        >
          <HeaderRow
            columns={columns}
            template={template}
            isPhone={isPhone}
            sort={props.sort}
            onSort={props.onSort}
          />
          {props.isLoading && rows.length === 0 ? (
            <SkeletonRows
              columns={isPhone ? 1 : columns.length}
              template={isPhone ? undefined : template}
              height={rowPx}
            />
          ) : (
            <div
              role="rowgroup"
              className={classes.rows}
              style={{ height: virtual.getTotalSize() }}
            >
              {drawn.map((item) => {
                const row = rows[item.index];
                if (!row) return null;
                const key = rowKey(row);
                return (
                  <div
                    key={key}
                    id={`${id}-${item.index}`}
                    role="row"
                    aria-rowindex={item.index + 2}
                    aria-selected={
                      props.chosen?.has(key) ?? (props.onSelect && props.selected === key)
                    }
                    className={classes.row}
                    data-active={item.index === active || undefined}
                    data-pulse={pulsing.has(key) || undefined}
                    data-clickable={Boolean(props.onOpen) || undefined}
                    style={{
                      height: rowPx,
                      transform: `translateY(${item.start}px)`,
                      ...(isPhone ? {} : template),
                    }}
                    onClick={(event) => {
                      if (!isOwnClick(event)) select(item.index, event.detail > 1);
                    }}
                  >
                    {isPhone ? (
                      <div role="gridcell" className={classes.phoneCell}>
                        {props.phoneRow(row)}
                      </div>
                    ) : (
                      columns.map((column) => (
                        <div
                          role="gridcell"
                          key={column.id}
                          className={classes.cell}
                          data-align={column.align}
                        >
                          {column.cell(row)}
                        </div>
                      ))
                    )}
                  </div>
                );
              })}
            </div>
          )}
        </div>
        <Foot total={props.total ?? null} shown={rows.length} hasMore={hasMore} />
      </div>
    </>
  );
}

/** A click meant for something inside the row, or for a new tab, is not a click on the row. */
function isOwnClick(event: MouseEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return true;
  // Text was marked by dragging; a double click marks a word too, and means "open".
  if (event.detail < 2 && window.getSelection()?.toString()) return true;
  return (
    event.target instanceof Element &&
    event.target.closest("button, input, [data-own-click]") !== null
  );
}

function Foot({
  total,
  shown,
  hasMore,
}: {
  readonly total: { readonly count: number; readonly isMore: boolean } | null;
  readonly shown: number;
  readonly hasMore: boolean;
}) {
  const format = useFormat();
  if (!total && shown === 0) return null;
  const text = total
    ? total.isMore
      ? t("table.totalMore", { count: format.integer(total.count) })
      : t("table.total", { count: total.count })
    : hasMore
      ? t("table.more", { shown: format.integer(shown) })
      : t("table.total", { count: shown });
  return <div className={classes.foot}>{text}</div>;
}
