import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";

const PAGE_ROWS = 100;

/** What was deleted here in the last 30 days, newest first. */
export function deletedQuery(workspace: string, kind: string | undefined) {
  return infiniteQueryOptions({
    queryKey: ["deleted", workspace, "list", kind ?? "any"],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }) => {
      const query = {
        limit: PAGE_ROWS,
        ...(kind ? { kind } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      };
      return ok(
        api.GET("/api/v1/workspaces/{workspace}/deleted", {
          params: { path: { workspace }, query },
        }),
      );
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}
