import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";
import type { Item, Movement } from "@/api/types";
import { loadTexts, t, useFormat } from "@/i18n";
import { ratio } from "@/i18n/decimal";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Section } from "@/ui/Page";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { SkeletonLines } from "@/ui/Skeleton";
import { NoPermission } from "@/ui/StateBlock";
import { Initials, Qty, When } from "@/ui/values";
import { FirstSteps } from "./FirstSteps";
import { Hidden, isHidden } from "./Hidden";
import { itemCountQuery } from "./items/queries";
import { locationsQuery } from "./locations/queries";
import { MovementIcon } from "./movements/MovementTag";
import { posterName } from "./movements/poster";
import { recentMovementsQuery } from "./movements/queries";
import { READ } from "./permissions";
import classes from "./today.module.css";

const Waiting = lazy(async () => {
  await Promise.all([loadTexts("counts"), loadTexts("orders")]);
  return import("./Waiting");
});

const LOW_ROWS = 8;
const RECENT_ROWS = 10;
/** The ledger does not count for lists; beyond a page the number is said as "more than". */
const COUNTED_ROWS = 200;

/** Inventory's part of Today: what needs a decision, what happened, four numbers. */
export default function InventoryToday() {
  const workspace = useWorkspace();
  if (!workspace.can(READ)) return <NoPermission />;
  return <TodayBody />;
}

function TodayBody() {
  const workspace = useWorkspace();
  const format = useFormat();
  const midnight = useMemo(() => {
    const now = new Date().toISOString();
    return format.dayStart(format.dayOf(now)) ?? now;
  }, [format]);
  const items = useQuery(itemCountQuery(workspace.id, false, 1));
  const low = useQuery(itemCountQuery(workspace.id, true, LOW_ROWS));
  const places = useQuery(locationsQuery(workspace.id));
  const recent = useQuery(recentMovementsQuery(workspace.id, {}, RECENT_ROWS));
  const today = useQuery(recentMovementsQuery(workspace.id, { from: midnight }, COUNTED_ROWS));
  const params = { workspace: workspace.id };
  return (
    <>
      <FirstSteps
        itemCount={items.data?.total ?? null}
        placeCount={places.data?.length ?? null}
        movementCount={recent.data ? recent.data.items.length : null}
      />
      <Suspense>
        <Waiting />
      </Suspense>
      <section aria-label={t("today.numbers")} className={classes.numbers}>
        <Figure
          label={t("today.itemsCount")}
          count={items.data?.total}
          isMore={items.data?.total_is_more}
          to="/w/$workspace/inventory/items"
        />
        <Figure
          label={t("today.lowCount")}
          count={low.data?.total}
          isMore={low.data?.total_is_more}
          to="/w/$workspace/inventory/items"
          isLow
        />
        <Figure
          label={t("today.placesCount")}
          count={places.data?.length}
          to="/w/$workspace/inventory/locations"
        />
        <Figure
          label={t("today.movedCount")}
          count={today.data?.items.length}
          isMore={Boolean(today.data?.next_cursor)}
          to="/w/$workspace/inventory/movements"
        />
      </section>
      <div className={classes.columns}>
        <Section
          title={t("today.low")}
          aside={
            low.data &&
            low.data.items.length > 0 && (
              <Link to="/w/$workspace/inventory/items" params={params} search={{ low: true }}>
                {t("today.lowAll")}
              </Link>
            )
          }
        >
          {isHidden(low.error) ? (
            <Hidden when />
          ) : low.error ? (
            <ProblemAlert error={low.error} onRetry={() => void low.refetch()} />
          ) : !low.data ? (
            <SkeletonLines count={4} />
          ) : low.data.items.length === 0 ? (
            <p className="hf-dim" style={{ margin: 0 }}>
              {t("today.lowNone")}
            </p>
          ) : (
            <ul className={classes.list}>
              {low.data.items.map((item) => (
                <LowRow key={item.id} item={item} />
              ))}
            </ul>
          )}
        </Section>
        <Section
          title={t("today.recent")}
          aside={
            recent.data &&
            recent.data.items.length > 0 && (
              <Link to="/w/$workspace/inventory/movements" params={params}>
                {t("today.recentAll")}
              </Link>
            )
          }
        >
          {recent.error ? (
            <ProblemAlert error={recent.error} onRetry={() => void recent.refetch()} />
          ) : !recent.data ? (
            <SkeletonLines count={6} />
          ) : recent.data.items.length === 0 ? (
            <p className="hf-dim" style={{ margin: 0 }}>
              {t("today.recentNone")}
            </p>
          ) : (
            <ul className={classes.list}>
              {recent.data.items.map((movement) => (
                <RecentRow key={movement.id} movement={movement} />
              ))}
            </ul>
          )}
        </Section>
      </div>
    </>
  );
}

interface FigureProps {
  readonly label: string;
  readonly count: number | null | undefined;
  readonly isMore?: boolean | null | undefined;
  readonly to:
    | "/w/$workspace/inventory/items"
    | "/w/$workspace/inventory/locations"
    | "/w/$workspace/inventory/movements";
  readonly isLow?: boolean;
}

function Figure({ label, count, isMore, to, isLow = false }: FigureProps) {
  const workspace = useWorkspace();
  const format = useFormat();
  const number =
    count === null || count === undefined
      ? "–"
      : isMore
        ? t("today.more", { count: format.integer(count) })
        : format.integer(count);
  return (
    <Link
      to={to}
      params={{ workspace: workspace.id }}
      search={isLow ? { low: true } : {}}
      className={classes.figure}
      data-tone={isLow && count ? "caution" : undefined}
    >
      <span className={classes.figureNumber}>{number}</span>
      <span className={classes.figureLabel}>{label}</span>
    </Link>
  );
}

function LowRow({ item }: { readonly item: Item }) {
  const workspace = useWorkspace();
  const format = useFormat();
  return (
    <li className={classes.low}>
      <Link
        to="/w/$workspace/inventory/items/$item"
        params={{ workspace: workspace.id, item: item.id }}
        className="hf-clip hf-quiet-link"
        dir="auto"
      >
        {item.name}
      </Link>
      <span className={classes.lowQty}>
        <Qty value={item.on_hand} unit={item.unit} />
        {item.min_qty && (
          <span className="hf-dim">
            {" "}
            {t("today.ofMin", { min: format.qty(item.min_qty), unit: item.unit })}
          </span>
        )}
      </span>
      <span className={classes.track} aria-hidden>
        <span
          style={{ width: `${item.min_qty ? ratio(item.on_hand ?? "0", item.min_qty) * 100 : 0}%` }}
        />
      </span>
    </li>
  );
}

function RecentRow({ movement }: { readonly movement: Movement }) {
  const workspace = useWorkspace();
  return (
    <li className={classes.recent}>
      <Initials name={posterName(movement)} seed={movement.posted_by?.id ?? ""} />
      <span className={classes.recentText}>
        <Link
          to="/w/$workspace/inventory/items/$item"
          params={{ workspace: workspace.id, item: movement.item_id }}
          className="hf-clip hf-quiet-link"
          dir="auto"
        >
          {movement.item_name}
        </Link>
        <span className={classes.recentLine}>
          <MovementIcon type={movement.type} />
          <span className="hf-clip">
            {t(`movements.type.${movement.type}`)} · <bdi>{movement.location_name}</bdi> ·{" "}
            <bdi>{posterName(movement)}</bdi>
          </span>
        </span>
      </span>
      <span className={classes.recentEnd}>
        <Qty value={movement.qty} unit={movement.unit} signed />
        <span className={classes.recentLine}>
          <When at={movement.posted_at} />
        </span>
      </span>
    </li>
  );
}
