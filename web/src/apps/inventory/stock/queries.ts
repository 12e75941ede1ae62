import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";

export interface StockFilter {
  readonly item_id?: string;
  readonly location_id?: string;
  readonly below_zero?: boolean;
}

const STOCK = "/api/v1/workspaces/{workspace}/inventory/stock";
const PAGE_ROWS = 200;

export function stockQuery(workspace: string, filter: StockFilter) {
  return infiniteQueryOptions({
    queryKey: ["inventory", workspace, "stock", "list", filter],
    initialPageParam: null as string | null,
    placeholderData: keepPreviousData,
    queryFn: async ({ pageParam, signal }) => {
      const query = { ...filter, limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) };
      return ok(api.GET(STOCK, { params: { path: { workspace }, query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** What was booked below zero, as far as one answer tells it. */
export function belowZeroQuery(workspace: string) {
  return queryOptions({
    queryKey: ["inventory", workspace, "stock", "belowZero"],
    queryFn: async ({ signal }) => {
      const query = { below_zero: true, limit: PAGE_ROWS };
      const page = await ok(api.GET(STOCK, { params: { path: { workspace }, query }, signal }));
      return { rows: page.items, isMore: Boolean(page.next_cursor) };
    },
  });
}

/** What one item has at one place; null while either is not chosen. */
export function onHandQuery(workspace: string, item: string | null, location: string | null) {
  return queryOptions({
    queryKey: ["inventory", workspace, "stock", "one", item, location],
    enabled: item !== null && location !== null,
    queryFn: async () => {
      const query = { item_id: item ?? "", location_id: location ?? "", limit: 1 };
      const { items } = await ok(api.GET(STOCK, { params: { path: { workspace }, query } }));
      return items[0]?.qty ?? "0";
    },
  });
}
