import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";
import type { LogLine } from "@/api/types";

export const LOG_LEVELS = ["error", "warn", "info", "debug", "trace"] as const;
export const LOG_KINDS = ["request", "box"] as const;

/** What is asked of the log; it stands in the address. */
export interface LogFilter {
  readonly q?: string;
  readonly level?: (typeof LOG_LEVELS)[number];
  readonly kind?: (typeof LOG_KINDS)[number];
  readonly request?: string;
}

const PAGE_ROWS = 100;
const NEW_ROWS = 200;

function asked({ q, level, kind, request }: LogFilter) {
  return {
    ...(q ? { q } : {}),
    ...(level ? { level } : {}),
    ...(kind ? { kind } : {}),
    ...(request ? { request_id: request } : {}),
  };
}

/** The kept lines, the newest first. */
export function logQuery(filter: LogFilter) {
  return infiniteQueryOptions({
    queryKey: ["logs", filter],
    initialPageParam: null as string | null,
    // Each reading is written down, so nothing is read that nobody asked for.
    staleTime: Infinity,
    queryFn: async ({ pageParam }) => {
      const query = {
        ...asked(filter),
        limit: PAGE_ROWS,
        ...(pageParam ? { cursor: pageParam } : {}),
      };
      return ok(api.GET("/api/v1/logs", { params: { query } }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** What came since a line, the newest first. */
export async function newerThan(filter: LogFilter, after: number): Promise<readonly LogLine[]> {
  const query = { ...asked(filter), after, limit: NEW_ROWS };
  return (await ok(api.GET("/api/v1/logs", { params: { query } }))).items;
}
