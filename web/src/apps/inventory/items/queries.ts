import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, idempotent, ifMatch, ok } from "@/api/client";
import type { Item, ItemChange, ItemRequest } from "@/api/types";

export interface ItemFilter {
  readonly q?: string;
  readonly category?: string;
  readonly location?: string;
  readonly low?: true;
  readonly sort?: string;
}

const ITEMS = "/api/v1/workspaces/{workspace}/inventory/items";
const ITEM = "/api/v1/workspaces/{workspace}/inventory/items/{id}";
const PAGE_ROWS = 200;
const CHOICES = 8;

export function itemsQuery(workspace: string, filter: ItemFilter) {
  return infiniteQueryOptions({
    queryKey: ["inventory", workspace, "items", "list", filter],
    initialPageParam: null as string | null,
    placeholderData: keepPreviousData,
    queryFn: async ({ pageParam, signal }) => {
      const first = pageParam === null ? { total: true } : { cursor: pageParam };
      return ok(
        api.GET(ITEMS, {
          params: { path: { workspace }, query: { ...filter, limit: PAGE_ROWS, ...first } },
          signal,
        }),
      );
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** The best few matches for what somebody typed: exact barcode or number first. */
export function itemChoicesQuery(workspace: string, q: string, limit: number = CHOICES) {
  return queryOptions({
    queryKey: ["inventory", workspace, "items", "choices", q, limit],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const query = q.trim() ? { q: q.trim(), limit } : { limit };
      return (await ok(api.GET(ITEMS, { params: { path: { workspace }, query }, signal }))).items;
    },
  });
}

/** How many items there are, and how many are low; the rows themselves are few. */
export function itemCountQuery(workspace: string, low: boolean, limit: number) {
  return queryOptions({
    queryKey: ["inventory", workspace, "items", "count", low, limit],
    queryFn: async () =>
      ok(
        api.GET(ITEMS, {
          params: {
            path: { workspace },
            query: { limit, total: true, ...(low ? { low: true } : {}) },
          },
        }),
      ),
  });
}

export function itemQuery(workspace: string, id: string) {
  return queryOptions({
    queryKey: ["inventory", workspace, "items", "one", id],
    queryFn: async ({ signal }) =>
      ok(api.GET(ITEM, { params: { path: { workspace, id } }, signal })),
  });
}

export function categoriesQuery(workspace: string) {
  return queryOptions({
    queryKey: ["inventory", workspace, "items", "categories"],
    queryFn: async () =>
      (
        await ok(
          api.GET("/api/v1/workspaces/{workspace}/inventory/items/categories", {
            params: { path: { workspace } },
          }),
        )
      ).items,
  });
}

export function itemStockQuery(workspace: string, id: string) {
  return queryOptions({
    queryKey: ["inventory", workspace, "items", "stock", id],
    queryFn: async ({ signal }) =>
      (
        await ok(
          api.GET("/api/v1/workspaces/{workspace}/inventory/items/{id}/stock", {
            params: { path: { workspace, id }, query: { limit: 200 } },
            signal,
          }),
        )
      ).items,
  });
}

const HISTORY_ROWS = 50;

export function itemHistoryQuery(workspace: string, id: string) {
  return infiniteQueryOptions({
    queryKey: ["inventory", workspace, "items", "history", id],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) =>
      ok(
        api.GET("/api/v1/workspaces/{workspace}/inventory/items/{id}/movements", {
          params: {
            path: { workspace, id },
            query: { limit: HISTORY_ROWS, ...(pageParam ? { cursor: pageParam } : {}) },
          },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export async function createItem(workspace: string, body: ItemRequest, key: string): Promise<Item> {
  return ok(api.POST(ITEMS, { params: { path: { workspace } }, body, headers: idempotent(key) }));
}

export async function updateItem(workspace: string, item: Item, body: ItemRequest): Promise<Item> {
  return ok(
    api.PUT(ITEM, {
      params: { path: { workspace, id: item.id }, header: ifMatch(item.version) },
      body,
    }),
  );
}

/** Changes several items, all of them or none; gives them as they are now. */
export async function changeItems(
  workspace: string,
  changes: readonly ItemChange[],
): Promise<Item[]> {
  const path = "/api/v1/workspaces/{workspace}/inventory/items/bulk";
  const body = { changes: [...changes] };
  return (await ok(api.POST(path, { params: { path: { workspace } }, body }))).items;
}

export async function deleteItem(workspace: string, item: Item): Promise<void> {
  await ok(
    api.DELETE(ITEM, {
      params: { path: { workspace, id: item.id }, header: ifMatch(item.version) },
    }),
  );
}

export async function restoreItem(workspace: string, id: string): Promise<void> {
  await ok(
    api.POST("/api/v1/workspaces/{workspace}/inventory/items/{id}/restore", {
      params: { path: { workspace, id } },
    }),
  );
}
