import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, ifMatch, ok } from "@/api/client";
import type { LockDate } from "@/api/types";
import { costlyKey } from "@/platform/live/costly";
import type { AccuracyFilter, PeriodFilter, UsageFilter } from "./choices";

/** A file and what it is called. */
export interface ReportFile {
  readonly name: string;
  readonly content: Blob;
}

const INVENTORY = "/api/v1/workspaces/{workspace}/inventory" as const;
const USAGE = `${INVENTORY}/reports/usage` as const;
const ACCURACY = `${INVENTORY}/reports/count-accuracy` as const;
const LOCK = `${INVENTORY}/lock-date` as const;
/** The report is made anew for each page. */
const PAGE_ROWS = 2_000;

export function usageQuery(workspace: string, filter: UsageFilter) {
  return infiniteQueryOptions({
    queryKey: costlyKey("inventory", workspace, "usage", filter),
    initialPageParam: null as string | null,
    placeholderData: keepPreviousData,
    // What changes it is heard of: only that makes it out of date.
    staleTime: Infinity,
    queryFn: async ({ pageParam, signal }) => {
      const query = { ...filter, limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) };
      return ok(api.GET(USAGE, { params: { path: { workspace }, query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export async function usageFile(workspace: string, filter: UsageFilter): Promise<ReportFile> {
  const content: Blob = await ok(
    api.GET(`${USAGE}.csv`, {
      params: { path: { workspace }, query: filter },
      parseAs: "blob",
    }),
  );
  return { name: `usage-${filter.group ?? "category"}${days(filter)}.csv`, content };
}

export function accuracyQuery(workspace: string, filter: AccuracyFilter) {
  return infiniteQueryOptions({
    queryKey: costlyKey("inventory", workspace, "accuracy", filter),
    initialPageParam: null as string | null,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
    queryFn: async ({ pageParam, signal }) => {
      const query = { ...filter, limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) };
      return ok(api.GET(ACCURACY, { params: { path: { workspace }, query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export async function accuracyFile(workspace: string, filter: AccuracyFilter): Promise<ReportFile> {
  const content: Blob = await ok(
    api.GET(`${ACCURACY}.csv`, {
      params: { path: { workspace }, query: filter },
      parseAs: "blob",
    }),
  );
  return { name: `count-accuracy-${filter.group ?? "count"}${days(filter)}.csv`, content };
}

function days(filter: PeriodFilter): string {
  return [filter.from, filter.to].map((day) => (day ? `-${day}` : "")).join("");
}

export function lockQuery(workspace: string) {
  return queryOptions({
    queryKey: ["inventory", workspace, "lock"],
    queryFn: async ({ signal }) => ok(api.GET(LOCK, { params: { path: { workspace } }, signal })),
  });
}

export async function changeLock(
  workspace: string,
  version: number,
  day: string | null,
): Promise<LockDate> {
  return ok(
    api.PUT(LOCK, {
      params: { path: { workspace }, header: ifMatch(version) },
      body: { locked_until: day },
    }),
  );
}
