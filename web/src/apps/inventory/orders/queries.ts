import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, idempotent, ifMatch, ok } from "@/api/client";
import type { Order, OrderRequest, OrderSettings, Receipt, ReceiptRequest } from "@/api/types";
import { readPages } from "../pages";

export const ORDER_STATUSES = ["draft", "submitted", "received", "canceled"] as const;
export type OrderStatus = (typeof ORDER_STATUSES)[number];

export interface OrderFilter {
  readonly status?: OrderStatus;
  readonly supplier_id?: string;
}

const ORDERS = "/api/v1/workspaces/{workspace}/inventory/purchase-orders" as const;
const ORDER = `${ORDERS}/{id}` as const;
const SETTINGS = `${ORDERS}/settings` as const;
const PAGE_ROWS = 100;
/** More orders than that are not told apart on the first screen. */
const WAITING_PAGES_MAX = 5;

export function ordersQuery(workspace: string, filter: OrderFilter) {
  return infiniteQueryOptions({
    queryKey: ["inventory", workspace, "orders", "list", filter],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const query = { ...filter, limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) };
      return ok(api.GET(ORDERS, { params: { path: { workspace }, query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** All orders of one status: the oldest, which should have come first, stand last in the list. */
export function waitingOrdersQuery(workspace: string, status: "draft" | "submitted") {
  return queryOptions({
    queryKey: ["inventory", workspace, "orders", "waiting", status],
    queryFn: ({ signal }) =>
      readPages(WAITING_PAGES_MAX, async (page) => {
        const query = { ...page, status };
        return ok(api.GET(ORDERS, { params: { path: { workspace }, query }, signal }));
      }),
  });
}

export function orderQuery(workspace: string, id: string) {
  return queryOptions({
    queryKey: ["inventory", workspace, "orders", "one", id],
    queryFn: ({ signal }) => ok(api.GET(ORDER, { params: { path: { workspace, id } }, signal })),
  });
}

export function receiptsQuery(workspace: string, id: string) {
  return queryOptions({
    queryKey: ["inventory", workspace, "orders", "receipts", id],
    queryFn: async ({ signal }) => {
      const params = { path: { workspace, id } };
      return (await ok(api.GET(`${ORDER}/receipts`, { params, signal }))).items;
    },
  });
}

export async function createOrder(
  workspace: string,
  body: OrderRequest,
  key: string,
): Promise<Order> {
  const params = { path: { workspace } };
  return ok(api.POST(ORDERS, { params, body, headers: idempotent(key) }));
}

export async function updateOrder(
  workspace: string,
  order: Order,
  body: OrderRequest,
): Promise<Order> {
  const params = { path: { workspace, id: order.id }, header: ifMatch(order.version) };
  return ok(api.PUT(ORDER, { params, body }));
}

export type OrderStep = "submit" | "close" | "cancel";

export async function stepOrder(workspace: string, id: string, step: OrderStep): Promise<Order> {
  const params = { path: { workspace, id } };
  switch (step) {
    case "submit":
      return ok(api.POST(`${ORDER}/submit`, { params }));
    case "close":
      return ok(api.POST(`${ORDER}/close`, { params }));
    case "cancel":
      return ok(api.POST(`${ORDER}/cancel`, { params }));
  }
}

export async function duplicateOrder(workspace: string, id: string, key: string): Promise<Order> {
  const params = { path: { workspace, id } };
  return ok(api.POST(`${ORDER}/duplicate`, { params, headers: idempotent(key) }));
}

export async function draftFromLowStock(workspace: string): Promise<readonly Order[]> {
  const params = { path: { workspace } };
  return (await ok(api.POST(`${ORDERS}/from-low-stock`, { params }))).items;
}

export async function receiveOrder(
  workspace: string,
  id: string,
  body: ReceiptRequest,
): Promise<Receipt> {
  return ok(api.POST(`${ORDER}/receive`, { params: { path: { workspace, id } }, body }));
}

export async function reverseReceipt(
  workspace: string,
  id: string,
  receipt_id: string,
  body: { readonly note?: string; readonly movement_ids: string[] },
): Promise<Receipt> {
  const params = { path: { workspace, id, receipt_id } };
  return ok(api.POST(`${ORDER}/receipts/{receipt_id}/reverse`, { params, body }));
}

/** The lines of an order as a file, and what it is called. */
export async function orderFile(
  workspace: string,
  order: Order,
): Promise<{ readonly name: string; readonly content: Blob }> {
  const params = { path: { workspace, id: order.id } };
  const content: Blob = await ok(api.GET(`${ORDER}/lines.csv`, { params, parseAs: "blob" }));
  return { name: `order-${order.po_number.replace(/[^A-Za-z0-9]/g, "-")}.csv`, content };
}

export function orderSettingsQuery(workspace: string) {
  return queryOptions({
    queryKey: ["inventory", workspace, "orders", "settings"],
    queryFn: ({ signal }) => ok(api.GET(SETTINGS, { params: { path: { workspace } }, signal })),
  });
}

export async function updateOrderSettings(
  workspace: string,
  settings: OrderSettings,
  over_receipt: string,
): Promise<OrderSettings> {
  const params = { path: { workspace }, header: ifMatch(settings.version) };
  return ok(api.PUT(SETTINGS, { params, body: { over_receipt } }));
}
