import type { Me } from "@/api/types";

/** All the person may, only reading, or what they tick. */
export const SCOPES = ["all", "read", "some"] as const;
export type Scope = (typeof SCOPES)[number];

/** What the person may do in one workspace, or in any of theirs. */
export function permissionsOf(me: Me, workspace: string | null): string[] {
  const places = me.workspaces.filter((one) => workspace === null || one.id === workspace);
  return [...new Set(places.flatMap((one) => one.permissions))].toSorted();
}
