import type { MyWorkspace } from "@/api/types";
import { APPS, type AppDescription } from "@/apps/registry";

/** The apps and their screens that this person has something to see in. */
export function visibleApps(workspace: MyWorkspace): AppDescription[] {
  return APPS.map((app) => ({
    ...app,
    screens: app.screens.filter((screen) =>
      screen.permissions.some((one) => workspace.permissions.includes(one)),
    ),
  })).filter((app) => app.screens.length > 0);
}
