import { queryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";
import { ApiProblem } from "@/api/problem";
import type { AuditEntry, LatestCheckpoint } from "@/api/types";

/** First part of the keys of requests for help; the event streams say when they changed. */
export const HELP = "mfa-requests";

/** Null asks for the log of the box. */
type Log = string | null;

/** The log has no checkpoint yet. */
const NOT_SIGNED = "audit-not-signed";
const EARLIER_ROWS = 12;
const EVENT_ROWS = 12;

/** The newest signed checkpoint; null before there is one. */
export function checkpointQuery(workspace: Log) {
  return queryOptions({
    queryKey: ["audit", workspace ?? "box", "checkpoint"],
    queryFn: async (): Promise<LatestCheckpoint | null> => {
      try {
        if (workspace === null) return await ok(api.GET("/api/v1/audit/checkpoints/latest"));
        const params = { path: { workspace } };
        return await ok(
          api.GET("/api/v1/workspaces/{workspace}/audit/checkpoints/latest", { params }),
        );
      } catch (error) {
        if (error instanceof ApiProblem && error.code === NOT_SIGNED) return null;
        throw error;
      }
    },
  });
}

export function checkpointsQuery(workspace: Log) {
  return queryOptions({
    queryKey: ["audit", workspace ?? "box", "checkpoints"],
    queryFn: async () => {
      const query = { limit: EARLIER_ROWS };
      if (workspace === null)
        return ok(api.GET("/api/v1/audit/checkpoints", { params: { query } }));
      const params = { path: { workspace }, query };
      return ok(api.GET("/api/v1/workspaces/{workspace}/audit/checkpoints", { params }));
    },
  });
}

export async function signCheckpoint(workspace: Log): Promise<void> {
  if (workspace === null) await ok(api.POST("/api/v1/audit/checkpoints"));
  else
    await ok(
      api.POST("/api/v1/workspaces/{workspace}/audit/checkpoints", {
        params: { path: { workspace } },
      }),
    );
}

/** The file that proves one entry against the newest checkpoint. */
export async function proofOf(workspace: Log, seq: string): Promise<string> {
  if (workspace === null)
    return ok(api.GET("/api/v1/audit/proof/{seq}", { params: { path: { seq } }, parseAs: "text" }));
  return ok(
    api.GET("/api/v1/workspaces/{workspace}/audit/proof/{seq}", {
      params: { path: { workspace, seq } },
      parseAs: "text",
    }),
  );
}

/** The whole log with all that a stand-alone verifier needs. */
export async function bundleOf(workspace: Log, isPersonal: boolean): Promise<Blob> {
  const query = isPersonal ? { personal: true } : {};
  if (workspace === null)
    return ok(api.GET("/api/v1/audit/export", { params: { query }, parseAs: "blob" }));
  return ok(
    api.GET("/api/v1/workspaces/{workspace}/audit/export", {
      params: { path: { workspace }, query },
      parseAs: "blob",
    }),
  );
}

/** What happened lately to accounts and access: of the box, or of the people of a workspace. */
export function eventsQuery(workspace: Log) {
  return queryOptions({
    queryKey: ["audit", workspace ?? "box", "security"],
    queryFn: async (): Promise<AuditEntry[]> => {
      const limit = EVENT_ROWS;
      if (workspace === null) {
        const query = { limit, action: "identity" };
        return (await ok(api.GET("/api/v1/audit", { params: { query } }))).items;
      }
      const params = { path: { workspace }, query: { limit, log: "people" } };
      return (await ok(api.GET("/api/v1/workspaces/{workspace}/audit", { params }))).items;
    },
  });
}

/** People who lost their second factor and wait for somebody to let them in. */
export const helpQuery = queryOptions({
  queryKey: [HELP],
  refetchOnMount: "always",
  refetchOnWindowFocus: "always",
  queryFn: async () => (await ok(api.GET("/api/v1/mfa-requests"))).items,
});

export async function answerHelp(id: string, answer: "approve" | "refuse"): Promise<void> {
  const params = { path: { id } };
  if (answer === "approve") await ok(api.POST("/api/v1/mfa-requests/{id}/approve", { params }));
  else await ok(api.POST("/api/v1/mfa-requests/{id}/refuse", { params }));
}
