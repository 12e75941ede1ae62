import { infiniteQueryOptions, keepPreviousData } from "@tanstack/react-query";
import { api, ok } from "@/api/client";

export const VALUATION_GROUPS = ["category", "location", "item"] as const;
export type ValuationGroup = (typeof VALUATION_GROUPS)[number];

export interface ValuationFilter {
  readonly group?: ValuationGroup;
  /** A day where the workspace is, `2026-03-31`; now when it is left out. */
  readonly at?: string;
  /** Empty: what has no category. */
  readonly category?: string;
  readonly location_id?: string;
}

const VALUATION = "/api/v1/workspaces/{workspace}/inventory/reports/valuation";
const PAGE_ROWS = 200;

export function valuationQuery(workspace: string, filter: ValuationFilter) {
  return infiniteQueryOptions({
    queryKey: ["inventory", workspace, "valuation", filter],
    initialPageParam: null as string | null,
    placeholderData: keepPreviousData,
    queryFn: async ({ pageParam, signal }) => {
      const query = { ...filter, limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) };
      return ok(api.GET(VALUATION, { params: { path: { workspace }, query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** Where the browser finds the same report as a file. */
export function valuationFile(workspace: string, filter: ValuationFilter): string {
  const path = VALUATION.replace("{workspace}", encodeURIComponent(workspace));
  return `${path}.csv?${new URLSearchParams({ ...filter })}`;
}
