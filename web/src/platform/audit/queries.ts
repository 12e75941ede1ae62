import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";
import type { AuditVerification } from "@/api/types";
import { allOf, type AuditFilter } from "./filter";

/** Rows asked for at once. */
export const PAGE_ROWS = 100;

/** Entries of a workspace's log, or of the box's own when `workspace` is null. */
export function auditQuery(workspace: string | null, filter: AuditFilter) {
  return infiniteQueryOptions({
    queryKey: ["audit", workspace ?? "box", filter],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }) => {
      const query = { ...filter, limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) };
      if (workspace === null) return ok(api.GET("/api/v1/audit", { params: { query } }));
      return ok(
        api.GET("/api/v1/workspaces/{workspace}/audit", { params: { path: { workspace }, query } }),
      );
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** How a log stands: its size, its head and when it was verified last. */
export function auditStateQuery(workspace: string | null) {
  return queryOptions({
    queryKey: ["audit", workspace ?? "box", "state"],
    queryFn: async () => {
      if (workspace === null) return ok(api.GET("/api/v1/audit/state"));
      return ok(
        api.GET("/api/v1/workspaces/{workspace}/audit/state", { params: { path: { workspace } } }),
      );
    },
  });
}

/** One entry with the text its hash is made of. */
export function rawEntryQuery(workspace: string | null, isPeople: boolean, number: number) {
  const seq = String(number);
  return queryOptions({
    queryKey: ["audit", workspace ?? "box", "raw", isPeople, seq],
    staleTime: Infinity,
    queryFn: async () => {
      if (workspace === null)
        return ok(api.GET("/api/v1/audit/{seq}", { params: { path: { seq } } }));
      const params = { path: { workspace, seq }, query: allOf(isPeople) };
      return ok(api.GET("/api/v1/workspaces/{workspace}/audit/{seq}", { params }));
    },
  });
}

export async function verifyAudit(workspace: string | null): Promise<AuditVerification> {
  if (workspace === null) return ok(api.POST("/api/v1/audit/verify"));
  return ok(
    api.POST("/api/v1/workspaces/{workspace}/audit/verify", { params: { path: { workspace } } }),
  );
}

const PEOPLE_MAX = 200;

/** The members, to choose from whose entries to see. */
export function auditPeopleQuery(workspace: string) {
  return queryOptions({
    queryKey: ["workspace", workspace, "people", "names"],
    queryFn: async () => {
      const page = await ok(
        api.GET("/api/v1/workspaces/{workspace}/members", {
          params: { path: { workspace }, query: { limit: PEOPLE_MAX } },
        }),
      );
      return page.items.map((one) => ({ id: one.user_id, name: one.name }));
    },
  });
}

const SINCE_ROWS = 50;

/** The newest entries after a moment. */
export function sinceQuery(workspace: string, from: string) {
  return queryOptions({
    queryKey: ["audit", workspace, "since", from],
    queryFn: async () => {
      const params = { path: { workspace }, query: { from, limit: SINCE_ROWS } };
      return (await ok(api.GET("/api/v1/workspaces/{workspace}/audit", { params }))).items;
    },
  });
}
