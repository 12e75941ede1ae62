import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, idempotent, newKey, ok } from "@/api/client";
import type { Job, NewRestore } from "@/api/types";
import { BACKUP_KEY } from "../queries";

const PAGE_ROWS = 20;

export const restoresQuery = infiniteQueryOptions({
  queryKey: [...BACKUP_KEY, "restores"],
  initialPageParam: null as string | null,
  queryFn: async ({ pageParam }) => {
    const query = { limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) };
    return ok(api.GET("/api/v1/restores", { params: { query } }));
  },
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});

/** The key of the kit in it is held in memory by the box, for this restore alone. */
export async function startRestore(body: NewRestore): Promise<Job> {
  return ok(api.POST("/api/v1/restores", { body, headers: idempotent(newKey()) }));
}

export async function undoRestore(id: string): Promise<Job> {
  const params = { path: { id } };
  return ok(api.POST("/api/v1/restores/{id}/undo", { params, headers: idempotent(newKey()) }));
}
