import { useMantineColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, type ToOptions } from "@tanstack/react-router";
import {
  IconBuildingStore,
  IconHome,
  IconInfoCircle,
  IconKeyboard,
  IconMoon,
  IconPlus,
  IconSearch,
  IconUpload,
  IconUser,
  IconEraser,
  IconUserCheck,
  type Icon,
} from "@tabler/icons-react";
import { useMemo } from "react";
import type { MyWorkspace } from "@/api/types";
import { MOVEMENT_TYPES } from "@/apps/inventory/movements/queries";
import { t } from "@/i18n";
import { searchQuery } from "@/platform/search/queries";
import { useMe } from "@/platform/identity/queries";
import { mayIn } from "@/platform/workspaces/rules";
import { storeScheme } from "@/theme/appearance";
import { foundKinds, visibleApps, visibleBoxScreens, visibleWorkspaceScreens } from "./navigation";

export interface PaletteEntry {
  readonly key: string;
  readonly label: string;
  readonly hint?: string;
  readonly icon: Icon;
  readonly run: () => void;
}

export interface PaletteGroup {
  readonly label: string;
  readonly entries: readonly PaletteEntry[];
}

const HITS = 10;

/** Everything the palette can lead to that fits the typed text. */
export function usePaletteEntries(
  workspace: MyWorkspace | null,
  text: string,
  settled: string,
  onShortcuts: () => void,
): PaletteGroup[] {
  const results = useResults(workspace, text, settled);
  const screens = useScreens(workspace);
  const actions = useActions(workspace, onShortcuts);
  const others = useWorkspaces(workspace);
  const plain = text.trim().toLowerCase();
  const fits = (entry: PaletteEntry) => entry.label.toLowerCase().includes(plain);
  return [
    ...results,
    { label: t("palette.screens"), entries: screens.filter(fits) },
    { label: t("palette.actions"), entries: actions.filter(fits) },
    { label: t("nav.workspaces"), entries: plain ? others.filter(fits) : [] },
  ];
}

/** What the box finds, in one group for each kind, and the way to all of it. */
function useResults(
  workspace: MyWorkspace | null,
  text: string,
  settled: string,
): readonly PaletteGroup[] {
  const navigate = useNavigate();
  const found = useQuery(searchQuery(workspace?.id ?? "", settled, HITS));
  return useMemo(() => {
    // Matches of what was typed before must not stand first when Enter is pressed.
    if (!workspace || !text.trim() || text !== settled || found.isPlaceholderData) return [];
    const hits = found.data ?? [];
    const groups = foundKinds(workspace).map((kind) => ({
      label: t(kind.group),
      entries: hits
        .filter((hit) => hit.kind === kind.kind)
        .map((hit) => ({
          key: `${hit.kind}-${hit.id}`,
          label: hit.title,
          hint: hit.subtitle,
          icon: kind.icon,
          // What has no page of its own is shown among everything that was found.
          run: () => void navigate(kind.to?.(workspace.id, hit) ?? allOf(workspace.id, hit.title)),
        })),
    }));
    // The kind of the best match comes first.
    const rank = (label: string) =>
      hits.findIndex((hit) =>
        foundKinds(workspace).some((one) => one.kind === hit.kind && t(one.group) === label),
      );
    const filled = groups
      .filter((group) => group.entries.length > 0)
      .sort((one, other) => rank(one.label) - rank(other.label));
    const all: PaletteEntry = {
      key: "all-results",
      label: t("palette.all", { text: text.trim() }),
      icon: IconSearch,
      run: () => void navigate(allOf(workspace.id, text.trim())),
    };
    return filled.length > 0 ? [...filled, { label: t("nav.search"), entries: [all] }] : [];
  }, [found.data, found.isPlaceholderData, navigate, settled, text, workspace]);
}

function allOf(workspace: string, q: string): ToOptions {
  return { to: "/w/$workspace/search", params: { workspace }, search: { q } };
}

/** The other workspaces one is in. */
function useWorkspaces(workspace: MyWorkspace | null): PaletteEntry[] {
  const me = useMe();
  const navigate = useNavigate();
  return useMemo(
    () =>
      me.workspaces
        .filter((one) => one.id !== workspace?.id)
        .map((one) => ({
          key: `workspace-${one.id}`,
          label: one.name,
          icon: IconBuildingStore,
          run: () => void navigate({ to: "/w/$workspace", params: { workspace: one.id } }),
        })),
    [me.workspaces, navigate, workspace?.id],
  );
}

function useScreens(workspace: MyWorkspace | null): PaletteEntry[] {
  const navigate = useNavigate();
  const me = useMe();
  return useMemo(() => {
    const entries: PaletteEntry[] = [];
    if (workspace) {
      const params = { workspace: workspace.id };
      entries.push({
        key: "today",
        label: t("nav.today"),
        icon: IconHome,
        hint: "g t",
        run: () => void navigate({ to: "/w/$workspace", params }),
      });
      for (const screen of visibleApps(workspace).flatMap((app) => app.screens)) {
        entries.push({
          key: screen.to,
          label: t(screen.label),
          icon: screen.icon,
          ...(screen.jump ? { hint: `g ${screen.jump}` } : {}),
          run: () => void navigate({ to: screen.to, params }),
        });
      }
      for (const screen of visibleWorkspaceScreens(workspace)) {
        entries.push({
          key: screen.to,
          label: t(screen.label),
          icon: screen.icon,
          run: () => void navigate({ to: screen.to, params }),
        });
      }
    }
    for (const screen of visibleBoxScreens(me)) {
      entries.push({
        key: screen.to,
        label: t(screen.label),
        icon: screen.icon,
        run: () => void navigate({ to: screen.to }),
      });
    }
    // It stands beside the list of users, not in the menus.
    if (me.is_operator)
      entries.push({
        key: "registration",
        label: t("registration.title"),
        icon: IconUserCheck,
        run: () => void navigate({ to: "/box/registration" }),
      });
    if (me.is_operator)
      entries.push({
        key: "erasures",
        label: t("privacy.erasures"),
        icon: IconEraser,
        run: () => void navigate({ to: "/box/erasures" }),
      });
    entries.push({
      key: "account",
      label: t("nav.account"),
      icon: IconUser,
      run: () => void navigate({ to: "/account" }),
    });
    entries.push({
      key: "about",
      label: t("nav.about"),
      icon: IconInfoCircle,
      run: () => void navigate({ to: "/about" }),
    });
    return entries;
  }, [me, navigate, workspace]);
}

function useActions(workspace: MyWorkspace | null, onShortcuts: () => void): PaletteEntry[] {
  const navigate = useNavigate();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return useMemo(() => {
    const entries: PaletteEntry[] = [];
    const hasInventory = workspace?.apps.includes("inventory") === true;
    const may = (permission: string) =>
      workspace !== null && hasInventory && mayIn(workspace, permission);
    const params = { workspace: workspace?.id ?? "" };
    if (may("inventory.move")) {
      for (const type of MOVEMENT_TYPES) {
        entries.push({
          key: `do-${type}`,
          label: t(`movements.title.${type}`),
          icon: IconPlus,
          run: () =>
            void navigate({
              to: "/w/$workspace/inventory/movements",
              params,
              search: { post: type },
            }),
        });
      }
    }
    if (may("inventory.write")) {
      entries.push({
        key: "new-item",
        label: t("action.newItem"),
        icon: IconPlus,
        run: () => void navigate({ to: "/w/$workspace/inventory/items/new", params }),
      });
      entries.push({
        key: "new-location",
        label: t("action.newLocation"),
        icon: IconPlus,
        run: () => void navigate({ to: "/w/$workspace/inventory/locations/new", params }),
      });
    }
    if (may("inventory.import"))
      entries.push({
        key: "import",
        label: t("action.import"),
        icon: IconUpload,
        run: () => void navigate({ to: "/w/$workspace/inventory/import", params }),
      });
    const next =
      document.documentElement.dataset["mantineColorScheme"] === "dark" ? "light" : "dark";
    entries.push({
      key: "theme",
      label: t("action.theme"),
      icon: IconMoon,
      run: () => {
        storeScheme(next);
        setColorScheme(next);
      },
    });
    entries.push({
      key: "shortcuts",
      label: t("shortcuts.title"),
      icon: IconKeyboard,
      hint: "?",
      run: onShortcuts,
    });
    return entries;
    // The scheme in force decides what the switch does.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [colorScheme, navigate, onShortcuts, setColorScheme, workspace]);
}
