import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";

export const ERROR_KINDS = ["server", "panic", "browser"] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

const PAGE_ROWS = 100;

/** Faults of the program and its pages, gathered by what they say. */
export function errorsQuery(kind: ErrorKind | undefined) {
  return infiniteQueryOptions({
    queryKey: ["errors", kind ?? "any"],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }) => {
      const query = {
        limit: PAGE_ROWS,
        ...(kind ? { kind } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      };
      return ok(api.GET("/api/v1/errors", { params: { query } }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export async function resolveError(id: string): Promise<void> {
  await ok(api.POST("/api/v1/errors/{id}/resolve", { params: { path: { id } } }));
}
