import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";

const LOW = "/api/v1/workspaces/{workspace}/inventory/stock/low" as const;
const PAGE_ROWS = 100;

export function lowQuery(workspace: string) {
  return infiniteQueryOptions({
    queryKey: ["inventory", workspace, "low", "list"],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const query = { limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) };
      return ok(api.GET(LOW, { params: { path: { workspace }, query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** All of them as a file. */
export async function lowFile(workspace: string): Promise<Blob> {
  const params = { path: { workspace, file: "low_stock.csv" } };
  const file = "/api/v1/workspaces/{workspace}/inventory/export/{file}";
  const content: Blob = await ok(api.GET(file, { params, parseAs: "blob" }));
  return content;
}

/** How many items are low. */
export function lowCountQuery(workspace: string) {
  return queryOptions({
    queryKey: ["inventory", workspace, "low", "count"],
    queryFn: async ({ signal }) => {
      const params = { path: { workspace }, query: { limit: 1, total: true } };
      const { total, total_is_more } = await ok(api.GET(LOW, { params, signal }));
      return { count: total ?? 0, isMore: total_is_more === true };
    },
  });
}
