import { infiniteQueryOptions, queryOptions, type QueryClient } from "@tanstack/react-query";
import { api, idempotent, ifMatch, ok } from "@/api/client";
import type { ChangeWorkspaceRequest, CreateWorkspaceRequest, Workspace } from "@/api/types";
import { meQuery } from "../identity/queries";

export const STATES = ["active", "archived", "deleted", "all"] as const;
export type StateFilter = (typeof STATES)[number];

const ONE = "/api/v1/workspaces/{workspace}";
const PAGE_ROWS = 100;

/** The workspaces of the box for operators, one's own for everybody else. */
export function workspacesQuery(state: StateFilter | undefined) {
  return infiniteQueryOptions({
    queryKey: ["workspaces", "list", state ?? "kept"],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }) => {
      const query = {
        limit: PAGE_ROWS,
        ...(state ? { state } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      };
      return ok(api.GET("/api/v1/workspaces", { params: { query } }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export function workspaceQuery(workspace: string) {
  return queryOptions({
    queryKey: ["workspace", workspace, "settings"],
    queryFn: async () => ok(api.GET(ONE, { params: { path: { workspace } } })),
  });
}

export function usageQuery(workspace: string) {
  return queryOptions({
    queryKey: ["workspace", workspace, "usage"],
    queryFn: async () =>
      ok(api.GET("/api/v1/workspaces/{workspace}/usage", { params: { path: { workspace } } })),
  });
}

export async function createWorkspace(
  body: CreateWorkspaceRequest,
  key: string,
): Promise<Workspace> {
  return ok(api.POST("/api/v1/workspaces", { body, headers: idempotent(key) }));
}

export async function changeWorkspace(
  workspace: Workspace,
  body: ChangeWorkspaceRequest,
): Promise<Workspace> {
  const params = { path: { workspace: workspace.id }, header: ifMatch(workspace.version) };
  return ok(api.PATCH(ONE, { params, body }));
}

export async function deleteWorkspace(workspace: Workspace): Promise<void> {
  const params = { path: { workspace: workspace.id }, header: ifMatch(workspace.version) };
  await ok(api.DELETE(ONE, { params }));
}

export async function archiveWorkspace(workspace: string): Promise<Workspace> {
  return ok(
    api.POST("/api/v1/workspaces/{workspace}/archive", { params: { path: { workspace } } }),
  );
}

/** Brings a workspace back, whether it was archived or deleted. */
export async function restoreWorkspace(workspace: string): Promise<Workspace> {
  return ok(
    api.POST("/api/v1/workspaces/{workspace}/restore", { params: { path: { workspace } } }),
  );
}

export async function wipeWorkspace(workspace: string): Promise<void> {
  await ok(api.POST("/api/v1/workspaces/{workspace}/wipe", { params: { path: { workspace } } }));
}

/** After a workspace came, went or changed: who one is, the lists and its own page. */
export async function refreshWorkspaces(client: QueryClient): Promise<void> {
  void client.invalidateQueries({ queryKey: ["workspaces"] });
  void client.invalidateQueries({ queryKey: ["workspace"] });
  await client.invalidateQueries({ queryKey: meQuery.queryKey, exact: true });
}
