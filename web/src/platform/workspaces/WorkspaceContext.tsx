import { createContext, useContext, useMemo, type ReactNode } from "react";
import type { MyWorkspace } from "@/api/types";
import { FormatProvider } from "@/i18n";
import { readStored, writeStored } from "@/theme/appearance";
import { mayIn } from "./rules";

export interface CurrentWorkspace extends MyWorkspace {
  /** What the person may do here; the box decides again on every request. */
  can(permission: string): boolean;
}

const WorkspaceContext = createContext<CurrentWorkspace | null>(null);

export function WorkspaceProvider({
  workspace,
  children,
}: {
  readonly workspace: MyWorkspace;
  readonly children: ReactNode;
}) {
  const value = useMemo<CurrentWorkspace>(
    () => ({ ...workspace, can: (permission) => mayIn(workspace, permission) }),
    [workspace],
  );
  const place = {
    locale: workspace.locale,
    timeZone: workspace.time_zone,
    currency: workspace.currency,
  };
  return (
    <WorkspaceContext value={value}>
      <FormatProvider place={place}>{children}</FormatProvider>
    </WorkspaceContext>
  );
}

export function useWorkspace(): CurrentWorkspace {
  const workspace = useContext(WorkspaceContext);
  if (!workspace) throw new Error("No workspace here.");
  return workspace;
}

const LAST_KEY = "holdfast.workspace";

/** The workspace this browser worked in last, if the person is still in it. */
export function lastWorkspace(workspaces: readonly MyWorkspace[]): MyWorkspace | undefined {
  const last = readStored(LAST_KEY);
  return (
    workspaces.find((workspace) => workspace.id === last) ??
    workspaces.find((workspace) => workspace.state === "active") ??
    workspaces[0]
  );
}

export function rememberWorkspace(id: string): void {
  writeStored(LAST_KEY, id);
}
