import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, idempotent, ifMatch, ok } from "@/api/client";
import type { Supplier, SupplierItemRequest, SupplierRequest } from "@/api/types";

const SUPPLIERS = "/api/v1/workspaces/{workspace}/inventory/suppliers" as const;
const SUPPLIER = `${SUPPLIERS}/{id}` as const;
const ITEMS = `${SUPPLIER}/items` as const;
const ITEM = `${ITEMS}/{item_id}` as const;
const PAGE_ROWS = 100;
/** Suppliers that are offered in a choice. */
const CHOICES_PAGES_MAX = 5;
const CHOICES_PAGE_ROWS = 200;

export function suppliersQuery(workspace: string) {
  return infiniteQueryOptions({
    queryKey: ["inventory", workspace, "suppliers", "list"],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const query = { limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) };
      return ok(api.GET(SUPPLIERS, { params: { path: { workspace }, query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** Those that can be chosen for an order. */
export function supplierChoicesQuery(workspace: string) {
  return queryOptions({
    queryKey: ["inventory", workspace, "suppliers", "choices"],
    queryFn: async ({ signal }) => {
      const all: Supplier[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < CHOICES_PAGES_MAX; page += 1) {
        const query = { limit: CHOICES_PAGE_ROWS, ...(cursor ? { cursor } : {}) };
        const answer = await ok(
          api.GET(SUPPLIERS, { params: { path: { workspace }, query }, signal }),
        );
        all.push(...answer.items);
        if (!answer.next_cursor) break;
        cursor = answer.next_cursor;
      }
      return all;
    },
  });
}

export function supplierQuery(workspace: string, id: string) {
  return queryOptions({
    queryKey: ["inventory", workspace, "suppliers", "one", id],
    queryFn: ({ signal }) => ok(api.GET(SUPPLIER, { params: { path: { workspace, id } }, signal })),
  });
}

export function supplierItemsQuery(workspace: string, id: string) {
  return infiniteQueryOptions({
    queryKey: ["inventory", workspace, "suppliers", "items", id],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const query = { limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) };
      return ok(api.GET(ITEMS, { params: { path: { workspace, id }, query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export async function createSupplier(
  workspace: string,
  body: SupplierRequest,
  key: string,
): Promise<Supplier> {
  const params = { path: { workspace } };
  return ok(api.POST(SUPPLIERS, { params, body, headers: idempotent(key) }));
}

export async function updateSupplier(
  workspace: string,
  supplier: Supplier,
  body: SupplierRequest,
): Promise<Supplier> {
  const { id, version } = supplier;
  const params = { path: { workspace, id }, header: ifMatch(version) };
  return ok(api.PUT(SUPPLIER, { params, body }));
}

export async function deleteSupplier(workspace: string, supplier: Supplier): Promise<void> {
  const { id, version } = supplier;
  await ok(api.DELETE(SUPPLIER, { params: { path: { workspace, id }, header: ifMatch(version) } }));
}

export async function restoreSupplier(workspace: string, id: string): Promise<void> {
  await ok(api.POST(`${SUPPLIER}/restore`, { params: { path: { workspace, id } } }));
}

/** Its version counts what they deliver as well. */
export async function setSupplierItem(
  workspace: string,
  supplier: Supplier,
  item_id: string,
  body: SupplierItemRequest,
): Promise<Supplier> {
  const { id, version } = supplier;
  const params = { path: { workspace, id, item_id }, header: ifMatch(version) };
  return ok(api.PUT(ITEM, { params, body }));
}

export async function removeSupplierItem(
  workspace: string,
  supplier: Supplier,
  item_id: string,
): Promise<void> {
  const { id, version } = supplier;
  const params = { path: { workspace, id, item_id }, header: ifMatch(version) };
  await ok(api.DELETE(ITEM, { params }));
}
