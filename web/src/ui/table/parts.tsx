import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useEffect, useRef, type ReactNode, type RefObject } from "react";
import { t } from "@/i18n";
import { SkeletonBar } from "../Skeleton";
import type { Column } from "./DataTable";
import classes from "./DataTable.module.css";

interface HeaderProps<Row> {
  readonly columns: readonly Column<Row>[];
  readonly template: { readonly gridTemplateColumns: string };
  readonly isPhone: boolean;
  readonly sort: string | undefined;
  readonly onSort: ((sort: string) => void) | undefined;
}

/** On a phone the header is there for screen readers only. */
export function HeaderRow<Row>({ columns, template, isPhone, sort, onSort }: HeaderProps<Row>) {
  return (
    <div role="rowgroup" className={classes.head} data-phone={isPhone || undefined}>
      <div
        role="row"
        aria-rowindex={1}
        className={classes.headRow}
        style={isPhone ? undefined : template}
      >
        {(isPhone ? columns.slice(0, 1) : columns).map((column) => (
          <HeaderCell
            key={column.id}
            column={column}
            sort={sort}
            onSort={isPhone ? undefined : onSort}
          />
        ))}
      </div>
    </div>
  );
}

function HeaderCell<Row>({
  column,
  sort,
  onSort,
}: {
  readonly column: Column<Row>;
  readonly sort: string | undefined;
  readonly onSort: ((sort: string) => void) | undefined;
}) {
  const { sortBy } = column;
  const direction =
    sortBy && sort === sortBy
      ? "ascending"
      : sortBy && sort === `-${sortBy}`
        ? "descending"
        : undefined;
  const Arrow = direction === "descending" ? IconArrowDown : IconArrowUp;
  return (
    <div
      role="columnheader"
      className={classes.headCell}
      data-align={column.align}
      aria-sort={direction}
    >
      {sortBy && onSort ? (
        <button
          type="button"
          className={classes.sort}
          onClick={() => onSort(direction === "ascending" ? `-${sortBy}` : sortBy)}
        >
          {column.header}
          {direction && (
            <Arrow
              size={13}
              aria-label={t(
                direction === "ascending" ? "table.sortAscending" : "table.sortDescending",
              )}
            />
          )}
        </button>
      ) : (
        column.header
      )}
    </div>
  );
}

const SKELETON_ROWS = 12;

export function SkeletonRows({
  columns,
  template,
  height,
}: {
  readonly columns: number;
  readonly template: { readonly gridTemplateColumns: string } | undefined;
  readonly height: number;
}) {
  return (
    <div role="rowgroup">
      {Array.from({ length: SKELETON_ROWS }, (_, row) => (
        <div key={row} role="row" className={classes.skeletonRow} style={{ height, ...template }}>
          {Array.from({ length: columns }, (_cell, column) => (
            <div role="gridcell" key={column} className={classes.cell}>
              <SkeletonBar width={`${80 - ((row * 13 + column * 29) % 40)}%`} />
            </div>
          ))}
        </div>
      ))}
    </div>
  );
}

/** Takes the focus over from a list that had it when its last row went. */
export function EmptyPlace({
  hadFocus,
  children,
}: {
  readonly hadFocus: RefObject<boolean>;
  readonly children: ReactNode;
}) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (hadFocus.current) place.current?.focus({ preventScroll: true });
    hadFocus.current = false;
  }, [hadFocus]);
  return (
    <div ref={place} tabIndex={-1} className={classes.emptyPlace}>
      {children}
    </div>
  );
}
