import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, idempotent, ifMatch, ok } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { AuditEntry, Member, Role, RoleRequest } from "@/api/types";
import { changeText } from "../audit/sentence";

const PAGE_ROWS = 200;
/** More members than this are not read at once; the list says that there are more. */
const PAGES_MAX = 25;

/** Keys begin with "workspace", so that a change of the workspace brings them up to date. */
export function membersQuery(workspace: string) {
  return queryOptions({
    queryKey: ["workspace", workspace, "members"],
    refetchOnWindowFocus: "always",
    queryFn: async () => {
      const members: Member[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < PAGES_MAX; page += 1) {
        const query = { limit: PAGE_ROWS, ...(cursor ? { cursor } : {}) };
        const found = await ok(
          api.GET("/api/v1/workspaces/{workspace}/members", {
            params: { path: { workspace }, query },
          }),
        );
        members.push(...found.items);
        if (!found.next_cursor) return { members, hasMore: false };
        cursor = found.next_cursor;
      }
      return { members, hasMore: true };
    },
  });
}

export function invitationsQuery(workspace: string) {
  return infiniteQueryOptions({
    queryKey: ["workspace", workspace, "invitations"],
    refetchOnWindowFocus: "always",
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }) =>
      ok(
        api.GET("/api/v1/workspaces/{workspace}/invitations", {
          params: {
            path: { workspace },
            query: { limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) },
          },
        }),
      ),
    getNextPageParam: (last) => last.next_cursor ?? null,
  });
}

/** The built-in roles from most to least, then the workspace's own. */
export function rolesQuery(workspace: string) {
  return queryOptions({
    queryKey: ["workspace", workspace, "members", "roles"],
    refetchOnWindowFocus: "always",
    queryFn: async () => {
      const params = { path: { workspace } };
      return (await ok(api.GET("/api/v1/workspaces/{workspace}/roles", { params }))).items;
    },
  });
}

/** What roles can let people do. It changes with the program alone. */
export function permissionsQuery(workspace: string) {
  return queryOptions({
    queryKey: ["workspace", workspace, "permissions"],
    queryFn: async () => {
      const params = { path: { workspace } };
      return (await ok(api.GET("/api/v1/workspaces/{workspace}/permissions", { params }))).items;
    },
  });
}

export async function makeRole(workspace: string, body: RoleRequest, key: string) {
  return ok(
    api.POST("/api/v1/workspaces/{workspace}/roles", {
      params: { path: { workspace } },
      body,
      headers: idempotent(key),
    }),
  );
}

export async function saveRole(workspace: string, role: Role, body: RoleRequest) {
  return ok(
    api.PATCH("/api/v1/workspaces/{workspace}/roles/{id}", {
      params: { path: { workspace, id: role.id }, header: ifMatch(role.version) },
      body,
    }),
  );
}

export async function deleteRole(workspace: string, role: Role): Promise<void> {
  await ok(
    api.DELETE("/api/v1/workspaces/{workspace}/roles/{id}", {
      params: { path: { workspace, id: role.id }, header: ifMatch(role.version) },
    }),
  );
}

const PEOPLE_ENTRIES = 50;

/** What was last done to somebody's membership; null when it may not be read or is long ago. */
export async function lastChangeOf(workspace: string, user: string): Promise<AuditEntry | null> {
  const query = { log: "people", action: "workspace.member", limit: PEOPLE_ENTRIES };
  const params = { path: { workspace }, query };
  try {
    const { items } = await ok(api.GET("/api/v1/workspaces/{workspace}/audit", { params }));
    return items.find((one) => changeText(one, "user") === user) ?? null;
  } catch (error) {
    if (asProblem(error).status === 403) return null;
    throw error;
  }
}

export async function invite(
  workspace: string,
  body: { email: string; role: string },
  key: string,
) {
  return ok(
    api.POST("/api/v1/workspaces/{workspace}/invitations", {
      params: { path: { workspace } },
      body,
      headers: idempotent(key),
    }),
  );
}

export async function withdraw(workspace: string, id: string): Promise<void> {
  await ok(
    api.DELETE("/api/v1/workspaces/{workspace}/invitations/{id}", {
      params: { path: { workspace, id } },
    }),
  );
}

export async function changeRole(workspace: string, member: Member, role: string) {
  return ok(
    api.PATCH("/api/v1/workspaces/{workspace}/members/{user}", {
      params: { path: { workspace, user: member.user_id }, header: ifMatch(member.version) },
      body: { role },
    }),
  );
}

export async function removeMember(workspace: string, member: Member): Promise<void> {
  await ok(
    api.DELETE("/api/v1/workspaces/{workspace}/members/{user}", {
      params: { path: { workspace, user: member.user_id }, header: ifMatch(member.version) },
    }),
  );
}

export async function leave(workspace: string): Promise<void> {
  await ok(api.POST("/api/v1/workspaces/{workspace}/leave", { params: { path: { workspace } } }));
}

export async function handOver(workspace: string, user: string) {
  return ok(
    api.POST("/api/v1/workspaces/{workspace}/transfer-ownership", {
      params: { path: { workspace } },
      body: { user_id: user },
    }),
  );
}
