import {
  IconArchive,
  IconBug,
  IconBuildingStore,
  IconClipboardCheck,
  IconClockPlay,
  IconFileText,
  IconListSearch,
  IconRocket,
  IconServer,
  IconMail,
  IconRobot,
  IconSettings,
  IconShieldLock,
  IconStethoscope,
  IconTrash,
  IconUserCog,
  IconUsers,
  type Icon,
} from "@tabler/icons-react";
import type { Me, MyWorkspace } from "@/api/types";
import { APPS, type AppDescription, type AppScreen } from "@/apps/registry";
import type { PlainKey } from "@/i18n";
import type { FoundKind } from "@/platform/search/FoundKinds";

/** What decides what is seen of a workspace. */
type Sight = Pick<MyWorkspace, "apps" | "permissions">;

/** The apps switched on here, and their screens that this person has something to see in. */
export function visibleApps(workspace: Sight): AppDescription[] {
  return APPS.filter((app) => workspace.apps.includes(app.id))
    .map((app) => ({
      ...app,
      screens: app.screens.filter((screen) => sees(workspace, screen.permissions)),
    }))
    .filter((app) => app.screens.length > 0);
}

const TABS_MAX = 2;

/** The first screens of what is switched on, for the phone's bottom bar. */
export function tabScreens(workspace: Sight): readonly AppScreen[] {
  return visibleApps(workspace)
    .flatMap((app) => app.screens)
    .slice(0, TABS_MAX);
}

/** What the search can lead to here. */
export function foundKinds(workspace: Sight): readonly FoundKind[] {
  const ofApps = APPS.filter((app) => workspace.apps.includes(app.id)).flatMap((app) => app.finds);
  return [...ofApps, MEMBER];
}

const MEMBER: FoundKind = {
  kind: "workspace.member",
  label: "search.member",
  group: "nav.people",
  icon: IconUsers,
  to: (workspace, hit) => ({
    to: "/w/$workspace/people",
    params: { workspace },
    search: { panel: hit.id },
  }),
};

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
  | "/w/$workspace/security"
  | "/w/$workspace/programs"
  | "/w/$workspace/settings";
type BoxPath =
  | "/system"
  | "/workspaces"
  | "/box/users"
  | "/box/jobs"
  | "/box/backups"
  | "/box/updates"
  | "/box/errors"
  | "/box/doctor"
  | "/box/review"
  | "/box/logs"
  | "/box/security"
  | "/box/programs"
  | "/box/delivery";

interface InWorkspace extends PlatformScreen<WorkspacePath> {
  /** One of these is needed to see it in the menus. */
  readonly permissions: readonly string[];
}

const WORKSPACE_SCREENS: readonly InWorkspace[] = [
  {
    to: "/w/$workspace/people",
    label: "nav.people",
    icon: IconUsers,
    // Who may not see the others sees themselves there, and can leave.
    permissions: ["people.read", "workspace.read"],
  },
  {
    to: "/w/$workspace/programs",
    label: "nav.services",
    icon: IconRobot,
    permissions: ["people.manage"],
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
    to: "/w/$workspace/security",
    label: "nav.security",
    icon: IconShieldLock,
    permissions: ["audit.read", "people.manage"],
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
  { to: "/box/programs", label: "nav.boxServices", icon: IconRobot },
  { to: "/box/delivery", label: "nav.delivery", icon: IconMail },
  { to: "/box/backups", label: "nav.backups", icon: IconArchive },
  { to: "/box/updates", label: "nav.updates", icon: IconRocket },
  { to: "/box/jobs", label: "nav.boxJobs", icon: IconClockPlay },
  { to: "/box/errors", label: "nav.errors", icon: IconBug },
  { to: "/box/logs", label: "nav.logs", icon: IconFileText },
  { to: "/box/security", label: "nav.boxSecurity", icon: IconShieldLock },
  { to: "/box/doctor", label: "nav.doctor", icon: IconStethoscope },
  { to: "/box/review", label: "nav.review", icon: IconClipboardCheck },
  { to: "/system", label: "nav.system", icon: IconServer },
];

export function visibleWorkspaceScreens(workspace: Sight): readonly InWorkspace[] {
  return WORKSPACE_SCREENS.filter((screen) => sees(workspace, screen.permissions));
}

/** What only operators see. */
export function visibleBoxScreens(me: Me): typeof BOX_SCREENS {
  return me.is_operator ? BOX_SCREENS : [];
}

function sees(workspace: Sight, permissions: readonly string[]): boolean {
  return permissions.some((one) => workspace.permissions.includes(one));
}
