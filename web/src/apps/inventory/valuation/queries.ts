import { infiniteQueryOptions, keepPreviousData } from "@tanstack/react-query";
import { api, ok } from "@/api/client";
import { costlyKey } from "@/platform/live/costly";
import type { ValuationFilter } from "./choices";

const VALUATION = "/api/v1/workspaces/{workspace}/inventory/reports/valuation" as const;
const VALUATION_FILE = `${VALUATION}.csv` as const;
/** The report is made anew for each page. */
const PAGE_ROWS = 2_000;

export function valuationQuery(workspace: string, filter: ValuationFilter) {
  return infiniteQueryOptions({
    queryKey: costlyKey("inventory", workspace, "valuation", filter),
    initialPageParam: null as string | null,
    placeholderData: keepPreviousData,
    // What changes it is heard of: only that makes it out of date.
    staleTime: Infinity,
    queryFn: async ({ pageParam, signal }) => {
      const query = { ...filter, limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) };
      return ok(api.GET(VALUATION, { params: { path: { workspace }, query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** The same report with all its rows, and what its file is called. */
export async function valuationFile(
  workspace: string,
  filter: ValuationFilter,
): Promise<{ readonly name: string; readonly content: Blob }> {
  const content: Blob = await ok(
    api.GET(VALUATION_FILE, {
      params: { path: { workspace }, query: filter },
      parseAs: "blob",
    }),
  );
  const of = filter.at ? `-${filter.at}` : "";
  return { name: `valuation-${filter.group ?? "category"}${of}.csv`, content };
}
