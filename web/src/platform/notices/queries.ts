import { infiniteQueryOptions, queryOptions, type QueryClient } from "@tanstack/react-query";
import { api, ok } from "@/api/client";
import type { ChangeNoticeSettings, Notice } from "@/api/types";

/** First part of every key here; the event stream says when they are out of date. */
export const NOTICES = "notices";
const NEWEST_ROWS = 8;
const PAGE_ROWS = 50;

/** The newest ones and how many of all are unread: what the bell shows. */
export const newestQuery = queryOptions({
  queryKey: [NOTICES, "newest"],
  queryFn: async () =>
    ok(api.GET("/api/v1/me/notices", { params: { query: { limit: NEWEST_ROWS } } })),
});

export function noticesQuery(unread: boolean) {
  return infiniteQueryOptions({
    queryKey: [NOTICES, "list", unread],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }) =>
      ok(
        api.GET("/api/v1/me/notices", {
          params: {
            query: {
              limit: PAGE_ROWS,
              ...(unread ? { unread } : {}),
              ...(pageParam ? { cursor: pageParam } : {}),
            },
          },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? null,
  });
}

export async function markRead(client: QueryClient, notice: Notice): Promise<void> {
  if (notice.read_at) return;
  await ok(api.POST("/api/v1/me/notices/{id}/read", { params: { path: { id: notice.id } } }));
  await client.invalidateQueries({ queryKey: [NOTICES] });
}

export async function markAllRead(client: QueryClient): Promise<void> {
  await ok(api.POST("/api/v1/me/notices/read"));
  await client.invalidateQueries({ queryKey: [NOTICES] });
}

export const settingsQuery = queryOptions({
  queryKey: [NOTICES, "settings"],
  queryFn: async () => ok(api.GET("/api/v1/me/notice-settings")),
});

export async function changeSettings(change: ChangeNoticeSettings) {
  return ok(api.PATCH("/api/v1/me/notice-settings", { body: change }));
}
