import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";
import type { AuditVerification } from "@/api/types";

export interface AuditFilter {
  readonly action?: string;
  readonly from?: string;
  readonly to?: string;
}

const PAGE_ROWS = 100;

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

export async function verifyAudit(workspace: string | null): Promise<AuditVerification> {
  if (workspace === null) return ok(api.POST("/api/v1/audit/verify"));
  return ok(
    api.POST("/api/v1/workspaces/{workspace}/audit/verify", { params: { path: { workspace } } }),
  );
}
