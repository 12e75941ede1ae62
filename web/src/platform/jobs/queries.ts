import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, idempotent, newKey, ok } from "@/api/client";
import type { ChangeSchedule, Job, Schedule } from "@/api/types";
import { isActive, isUnderWay } from "./rules";

export const JOB_STATES = ["waiting", "running", "done", "failed", "cancelled"] as const;
export type JobState = (typeof JOB_STATES)[number];

export interface JobFilter {
  readonly state?: JobState;
  readonly kind?: string;
}

const PAGE_ROWS = 100;
const RECENT = 20;
/** How often the progress of what runs is read; nothing is asked while nothing runs. */
const PROGRESS_MS = 1_000;

/** Jobs of a workspace, or of the box and all workspaces when `workspace` is null. */
export function jobsQuery(workspace: string | null, filter: JobFilter) {
  return infiniteQueryOptions({
    queryKey: ["job", workspace ?? "box", "list", filter],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }) => {
      const query = { ...filter, limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) };
      if (workspace === null) return ok(api.GET("/api/v1/jobs", { params: { query } }));
      return ok(
        api.GET("/api/v1/workspaces/{workspace}/jobs", { params: { path: { workspace }, query } }),
      );
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.items.some((job) => isUnderWay(job)))
        ? PROGRESS_MS
        : false,
  });
}

/** The newest few, for the chip in the header and for Today. */
export function recentJobsQuery(workspace: string, state?: JobState) {
  return queryOptions({
    queryKey: ["job", workspace, "recent", state ?? "any"],
    queryFn: async () => {
      const query = { limit: RECENT, ...(state ? { state } : {}) };
      const page = await ok(
        api.GET("/api/v1/workspaces/{workspace}/jobs", { params: { path: { workspace }, query } }),
      );
      return page.items;
    },
    refetchInterval: (query) =>
      query.state.data?.some((job) => isUnderWay(job)) ? PROGRESS_MS : false,
  });
}

export function jobQuery(workspace: string | null, id: string) {
  return queryOptions({
    queryKey: ["job", workspace ?? "box", "one", id],
    queryFn: async () => {
      if (workspace === null) return ok(api.GET("/api/v1/jobs/{id}", { params: { path: { id } } }));
      return ok(
        api.GET("/api/v1/workspaces/{workspace}/jobs/{id}", {
          params: { path: { workspace, id } },
        }),
      );
    },
    refetchInterval: (query) =>
      query.state.data && isActive(query.state.data) ? PROGRESS_MS : false,
  });
}

export function schedulesQuery(workspace: string | null) {
  return queryOptions({
    queryKey: ["job", workspace ?? "box", "schedules"],
    queryFn: async () => {
      if (workspace === null) return (await ok(api.GET("/api/v1/jobs/schedules"))).items;
      const params = { path: { workspace } };
      return (await ok(api.GET("/api/v1/workspaces/{workspace}/jobs/schedules", { params }))).items;
    },
  });
}

export async function runJob(workspace: string | null, kind: string): Promise<Job> {
  const headers = idempotent(newKey());
  if (workspace === null) return ok(api.POST("/api/v1/jobs", { body: { kind }, headers }));
  return ok(
    api.POST("/api/v1/workspaces/{workspace}/jobs", {
      params: { path: { workspace } },
      body: { kind },
      headers,
    }),
  );
}

export async function cancelJob(workspace: string | null, id: string): Promise<Job> {
  if (workspace === null)
    return ok(api.POST("/api/v1/jobs/{id}/cancel", { params: { path: { id } } }));
  return ok(
    api.POST("/api/v1/workspaces/{workspace}/jobs/{id}/cancel", {
      params: { path: { workspace, id } },
    }),
  );
}

export async function retryJob(workspace: string | null, id: string): Promise<Job> {
  if (workspace === null)
    return ok(api.POST("/api/v1/jobs/{id}/retry", { params: { path: { id } } }));
  return ok(
    api.POST("/api/v1/workspaces/{workspace}/jobs/{id}/retry", {
      params: { path: { workspace, id } },
    }),
  );
}

export async function changeSchedule(kind: string, body: ChangeSchedule): Promise<Schedule> {
  return ok(api.PATCH("/api/v1/jobs/schedules/{kind}", { params: { path: { kind } }, body }));
}
