import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Item } from "@/api/types";
import { t } from "@/i18n";
import { compare, signOf } from "@/i18n/decimal";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { SkeletonLines } from "@/ui/Skeleton";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { largestOf, ShareBar } from "@/ui/ShareBar";
import { Qty } from "@/ui/values";
import { Tag } from "@/ui/Tag";
import { locationsQuery } from "../locations/queries";
import { itemStockQuery } from "./queries";
import classes from "./item.module.css";

/** Stock by place: a bar to see the share, a number to read it. */
export function StockBars({ item }: { readonly item: Item }) {
  const workspace = useWorkspace();
  const stock = useQuery(itemStockQuery(workspace.id, item.id));
  const locations = useQuery(locationsQuery(workspace.id));
  const rows = useMemo(() => {
    const held = (stock.data ?? []).filter((row) => !row.qty || signOf(row.qty) !== 0);
    return held.sort((a, b) => compare(b.qty ?? "0", a.qty ?? "0"));
  }, [stock.data]);
  const largest = largestOf(rows.map((row) => row.qty ?? "0"));

  return (
    <div>
      <div className={classes.total}>
        <span className={classes.totalNumber}>
          <Qty value={item.on_hand} unit={item.unit} />
        </span>
        {item.low && <Tag tone="caution">{t("items.belowMin")}</Tag>}
      </div>
      {stock.error ? (
        <ProblemAlert error={stock.error} onRetry={() => void stock.refetch()} />
      ) : !stock.data ? (
        <SkeletonLines count={2} />
      ) : rows.length === 0 ? (
        <p className="hf-dim" style={{ margin: 0 }}>
          {t("items.noStock")}
        </p>
      ) : (
        <ul className={classes.bars}>
          {rows.map((row) => {
            const place = locations.data?.find((one) => one.id === row.location_id);
            return (
              <li key={row.location_id} className={classes.bar}>
                <bdi className="hf-clip" title={place?.name}>
                  {place?.name ?? "…"}
                </bdi>
                <Qty value={row.qty} unit={item.unit} />
                <span className={classes.track}>
                  {row.qty && <ShareBar value={row.qty} largest={largest} />}
                </span>
              </li>
            );
          })}
        </ul>
      )}
    </div>
  );
}
