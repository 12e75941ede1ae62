import {
  IconBug,
  IconBuildingStore,
  IconClockPlay,
  IconListSearch,
  IconServer,
  IconSettings,
  IconTrash,
  IconUserCog,
  IconUsers,
  type Icon,
} from "@tabler/icons-react";
import type { Me, MyWorkspace } from "@/api/types";
import { APPS, type AppDescription } from "@/apps/registry";
import type { PlainKey } from "@/i18n";
import type { FoundKind } from "@/platform/search/FoundKinds";

/** The apps switched on here, and their screens that this person has something to see in. */
export function visibleApps(workspace: MyWorkspace): AppDescription[] {
  return APPS.filter((app) => workspace.apps.includes(app.id))
    .map((app) => ({
      ...app,
      screens: app.screens.filter((screen) => sees(workspace, screen.permissions)),
    }))
    .filter((app) => app.screens.length > 0);
}

/** What the search can lead to here. */
export function foundKinds(workspace: MyWorkspace): readonly FoundKind[] {
  return APPS.filter((app) => workspace.apps.includes(app.id)).flatMap((app) => app.finds);
}

/** A screen of the platform that every menu lists: the sidebar, the phone's sheet, the palette. */
interface PlatformScreen<To extends string> {
  readonly to: To;
  readonly label: PlainKey;
  readonly icon: Icon;
}

type WorkspacePath =
  | "/w/$workspace/people"
  | "/w/$workspace/jobs"
  | "/w/$workspace/deleted"
  | "/w/$workspace/audit"
  | "/w/$workspace/settings";
type BoxPath = "/system" | "/workspaces" | "/box/users" | "/box/jobs" | "/box/errors";

interface InWorkspace extends PlatformScreen<WorkspacePath> {
  /** One of these is needed to see it in the menus. */
  readonly permissions: readonly string[];
}

const WORKSPACE_SCREENS: readonly InWorkspace[] = [
  {
    to: "/w/$workspace/people",
    label: "nav.people",
    icon: IconUsers,
    permissions: ["people.read"],
  },
  {
    to: "/w/$workspace/jobs",
    label: "nav.jobs",
    icon: IconClockPlay,
    permissions: ["jobs.read"],
  },
  {
    to: "/w/$workspace/deleted",
    label: "nav.deleted",
    icon: IconTrash,
    permissions: ["recycle.read"],
  },
  {
    to: "/w/$workspace/audit",
    label: "nav.audit",
    icon: IconListSearch,
    permissions: ["audit.read"],
  },
  {
    to: "/w/$workspace/settings",
    label: "nav.settings",
    icon: IconSettings,
    permissions: ["workspace.settings"],
  },
];

const BOX_SCREENS: readonly PlatformScreen<BoxPath>[] = [
  { to: "/workspaces", label: "nav.workspaces", icon: IconBuildingStore },
  { to: "/box/users", label: "nav.users", icon: IconUserCog },
  { to: "/box/jobs", label: "nav.boxJobs", icon: IconClockPlay },
  { to: "/box/errors", label: "nav.errors", icon: IconBug },
  { to: "/system", label: "nav.system", icon: IconServer },
];

export function visibleWorkspaceScreens(workspace: MyWorkspace): readonly InWorkspace[] {
  return WORKSPACE_SCREENS.filter((screen) => sees(workspace, screen.permissions));
}

/** What only operators see. */
export function visibleBoxScreens(me: Me): typeof BOX_SCREENS {
  return me.is_operator ? BOX_SCREENS : [];
}

function sees(workspace: MyWorkspace, permissions: readonly string[]): boolean {
  return permissions.some((one) => workspace.permissions.includes(one));
}
