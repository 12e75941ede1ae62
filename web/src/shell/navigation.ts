import { IconListSearch, IconServer, type Icon } from "@tabler/icons-react";
import type { Me, MyWorkspace } from "@/api/types";
import { APPS, type AppDescription } from "@/apps/registry";
import type { PlainKey } from "@/i18n";

/** The apps and their screens that this person has something to see in. */
export function visibleApps(workspace: MyWorkspace): AppDescription[] {
  return APPS.map((app) => ({
    ...app,
    screens: app.screens.filter((screen) => sees(workspace, screen.permissions)),
  })).filter((app) => app.screens.length > 0);
}

/** A screen of the platform that every menu lists: the sidebar, the phone's sheet, the palette. */
interface PlatformScreen<To extends string> {
  readonly to: To;
  readonly label: PlainKey;
  readonly icon: Icon;
}

interface InWorkspace extends PlatformScreen<"/w/$workspace/audit"> {
  /** One of these is needed to see it in the menus. */
  readonly permissions: readonly string[];
}

const WORKSPACE_SCREENS: readonly InWorkspace[] = [
  {
    to: "/w/$workspace/audit",
    label: "nav.audit",
    icon: IconListSearch,
    permissions: ["audit.read"],
  },
];

const BOX_SCREENS: readonly PlatformScreen<"/system">[] = [
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
