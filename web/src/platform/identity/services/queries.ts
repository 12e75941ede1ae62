import { queryOptions } from "@tanstack/react-query";
import { api, idempotent, ok } from "@/api/client";
import type { ChangeServiceAccount, NewServiceAccount, ServiceAccount } from "@/api/types";

const PAGE_ROWS = 200;
/** Nobody has more than this; the box would say so. */
const PAGES_MAX = 10;

/** All that the person may look after, of the box and of workspaces. */
export const servicesQuery = queryOptions({
  queryKey: ["service-accounts"],
  queryFn: async () => {
    const found: ServiceAccount[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const query = { limit: PAGE_ROWS, ...(cursor ? { cursor } : {}) };
      const next = await ok(api.GET("/api/v1/service-accounts", { params: { query } }));
      found.push(...next.items);
      if (!next.next_cursor) break;
      cursor = next.next_cursor;
    }
    return found;
  },
});

export async function createService(body: NewServiceAccount, key: string) {
  return ok(api.POST("/api/v1/service-accounts", { body, headers: idempotent(key) }));
}

export async function changeService(id: string, body: ChangeServiceAccount) {
  return ok(api.PATCH("/api/v1/service-accounts/{id}", { params: { path: { id } }, body }));
}

export async function deleteService(id: string): Promise<void> {
  await ok(api.DELETE("/api/v1/service-accounts/{id}", { params: { path: { id } } }));
}

export async function renewSecret(id: string): Promise<string> {
  const params = { path: { id } };
  return (await ok(api.POST("/api/v1/service-accounts/{id}/secret", { params }))).client_secret;
}

export async function addKey(id: string, name: string, publicKey: Record<string, string>) {
  return ok(
    api.POST("/api/v1/service-accounts/{id}/keys", {
      params: { path: { id } },
      body: { name, public_key: publicKey },
    }),
  );
}

export async function removeKey(id: string, key: string): Promise<void> {
  await ok(
    api.DELETE("/api/v1/service-accounts/{id}/keys/{key}", { params: { path: { id, key } } }),
  );
}
