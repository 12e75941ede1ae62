import type { MyWorkspace } from "@/api/types";

/** What may be done in a workspace that can only be read: archived, or with a damaged file. */
const IN_ARCHIVE = new Set([
  "inventory.prices",
  "inventory.export",
  "workspace.settings",
  "workspace.delete",
]);

/** What the person may do here now; an archived or damaged one can be read. */
export function mayIn(
  workspace: Pick<MyWorkspace, "permissions" | "state" | "damaged_at">,
  permission: string,
): boolean {
  if (!workspace.permissions.includes(permission)) return false;
  if (workspace.state !== "archived" && !workspace.damaged_at) return true;
  return permission.endsWith(".read") || IN_ARCHIVE.has(permission);
}

export type WorkspaceTag = "sample" | "archived" | "deleted" | "damaged";

/** What a list says beside the name. */
export function tagsOf(workspace: {
  readonly state: string;
  readonly is_sample: boolean;
  readonly damaged_at?: string | null;
}): WorkspaceTag[] {
  const tags: WorkspaceTag[] = [];
  if (workspace.damaged_at) tags.push("damaged");
  if (workspace.is_sample) tags.push("sample");
  if (workspace.state === "archived" || workspace.state === "deleted") tags.push(workspace.state);
  return tags;
}

const DAY_MS = 86_400_000;

/** Whole days until then, at least zero. */
export function daysUntil(iso: string, nowMs: number): number {
  return Math.max(0, Math.ceil((Date.parse(iso) - nowMs) / DAY_MS));
}
