import { useQuery } from "@tanstack/react-query";
import { Link, type ToOptions } from "@tanstack/react-router";
import { t, useFormat } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Section } from "@/ui/Page";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { SkeletonLines } from "@/ui/Skeleton";
import { waitingCountsQuery } from "./counts/queries";
import { isHidden } from "./Hidden";
import { lowCountQuery } from "./low/queries";
import { waitingOrdersQuery } from "./orders/queries";
import type { Rows } from "./pages";
import { APPROVE, PRICES } from "./permissions";
import { belowZeroQuery } from "./stock/queries";
import classes from "./today.module.css";

/** One kind of thing that waits: how much of it there is, and where it is decided. */
interface Waiting {
  readonly query: {
    readonly error: Error | null;
    readonly isPending: boolean;
    readonly fetchStatus: string;
    readonly refetch: () => unknown;
  };
  readonly count: number;
  readonly text: string;
  readonly to: ToOptions;
}

/** What waits for this person in the inventory today, each with the way to where it is decided. */
export default function WaitingToday() {
  // Who counts blind is not told what is low.
  const all = [useCounts(), ...useOrders(), useLow(), useBelowZero()].filter(
    (one) => !isHidden(one.query.error),
  );
  const failed = all.find(({ query }) => query.error);
  const isLoading = all.some(({ query }) => query.isPending && query.fetchStatus !== "idle");
  const waiting = all.filter(({ count }) => count > 0);
  return (
    <Section title={t("waiting.title")}>
      {failed ? (
        <ProblemAlert error={failed.query.error} onRetry={() => void failed.query.refetch()} />
      ) : isLoading ? (
        <SkeletonLines count={2} />
      ) : waiting.length === 0 ? (
        <p className="hf-dim" style={{ margin: 0 }}>
          {t("waiting.nothing")}
        </p>
      ) : (
        <ul className={classes.list}>
          {waiting.map(({ text, to }) => (
            <li key={text}>
              <Link {...to}>{text}</Link>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

/** Where there is more than was read, the number is the least that it can be. */
function told(data: Rows<unknown> | undefined, text: string): string {
  return data?.isMore ? t("waiting.more", { text }) : text;
}

function useLow(): Waiting {
  const workspace = useWorkspace();
  const query = useQuery(lowCountQuery(workspace.id));
  const count = query.data?.count ?? 0;
  const params = { workspace: workspace.id };
  const to = { to: "/w/$workspace/inventory/low", params } as const;
  return { query, count, text: t("waiting.low", { count }), to };
}

/** What somebody let through below zero stays here until it is settled. */
function useBelowZero(): Waiting {
  const workspace = useWorkspace();
  const query = useQuery({ ...belowZeroQuery(workspace.id), enabled: workspace.can(APPROVE) });
  const count = query.data?.rows.length ?? 0;
  const params = { workspace: workspace.id };
  const search = { below_zero: true };
  const to = { to: "/w/$workspace/inventory/stock", params, search } as const;
  return { query, count, text: told(query.data, t("waiting.belowZero", { count })), to };
}

function useCounts(): Waiting {
  const workspace = useWorkspace();
  const query = useQuery({
    ...waitingCountsQuery(workspace.id),
    enabled: workspace.can(APPROVE),
  });
  const count = query.data?.rows.length ?? 0;
  const params = { workspace: workspace.id };
  const search = { state: "submitted" };
  const to = { to: "/w/$workspace/inventory/counts", params, search } as const;
  return { query, count, text: told(query.data, t("counts.waiting", { count })), to };
}

function useOrders(): Waiting[] {
  const workspace = useWorkspace();
  const format = useFormat();
  const today = format.dayOf(new Date().toISOString());
  const enabled = workspace.can(PRICES);
  const sent = useQuery({ ...waitingOrdersQuery(workspace.id, "submitted"), enabled });
  const drafts = useQuery({ ...waitingOrdersQuery(workspace.id, "draft"), enabled });
  const expected = (sent.data?.rows ?? []).map((order) => order.expected_on ?? "");
  const dueToday = expected.filter((day) => day === today).length;
  const overdue = expected.filter((day) => day !== "" && day < today).length;
  const unsent = drafts.data?.rows.length ?? 0;
  const toOrders = (status: "submitted" | "draft"): ToOptions => ({
    to: "/w/$workspace/inventory/orders",
    params: { workspace: workspace.id },
    search: { status },
  });
  return [
    {
      query: sent,
      count: overdue,
      text: told(sent.data, t("waiting.overdue", { count: overdue })),
      to: toOrders("submitted"),
    },
    {
      query: sent,
      count: dueToday,
      text: told(sent.data, t("waiting.dueToday", { count: dueToday })),
      to: toOrders("submitted"),
    },
    {
      query: drafts,
      count: unsent,
      text: told(drafts.data, t("waiting.drafts", { count: unsent })),
      to: toOrders("draft"),
    },
  ];
}
