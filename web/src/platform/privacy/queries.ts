import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, idempotent, ok } from "@/api/client";
import type { Erasure, Job } from "@/api/types";

/** Where everybody downloads what is held on them. */
export const MY_EXPORT = "/api/v1/me/export";

const PAGE_ROWS = 50;
const LOOK_AGAIN_MS = 2_000;

/** First part of the keys. */
export const ERASURES = "erasures";

export const erasuresQuery = infiniteQueryOptions({
  queryKey: [ERASURES],
  initialPageParam: null as string | null,
  queryFn: async ({ pageParam }) =>
    ok(
      api.GET("/api/v1/erasures", {
        params: { query: { limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) } },
      }),
    ),
  getNextPageParam: (last) => last.next_cursor ?? null,
  refetchInterval: (query) => {
    const first = query.state.data?.pages[0]?.items ?? [];
    return first.some((one: Erasure) => one.state === "running") ? LOOK_AGAIN_MS : false;
  },
});

export async function exportUser(id: string, key: string): Promise<Job> {
  return ok(
    api.POST("/api/v1/users/{id}/export", { params: { path: { id } }, headers: idempotent(key) }),
  );
}

export async function eraseUser(id: string, confirm: string): Promise<Job> {
  return ok(api.POST("/api/v1/users/{id}/erase", { params: { path: { id } }, body: { confirm } }));
}
