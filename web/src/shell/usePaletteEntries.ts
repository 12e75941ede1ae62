import { useMantineColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import {
  IconHome,
  IconKeyboard,
  IconMapPin,
  IconMoon,
  IconPackage,
  IconPlus,
  IconUpload,
  IconUser,
  type Icon,
} from "@tabler/icons-react";
import { useMemo } from "react";
import type { MyWorkspace } from "@/api/types";
import { inventorySearch } from "@/apps/inventory/search";
import { MOVEMENT_TYPES } from "@/apps/inventory/movements/queries";
import { t } from "@/i18n";
import { useMe } from "@/platform/identity/queries";
import { storeScheme } from "@/theme/appearance";
import { visibleApps, visibleBoxScreens, visibleWorkspaceScreens } from "./navigation";

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

const ICONS = { item: IconPackage, location: IconMapPin };

/** Everything the palette can lead to that fits the typed text. */
export function usePaletteEntries(
  workspace: MyWorkspace | null,
  text: string,
  settled: string,
  onShortcuts: () => void,
): PaletteGroup[] {
  const navigate = useNavigate();
  const found = useQuery({
    ...inventorySearch(workspace?.id ?? "", settled),
    enabled: workspace !== null && settled.trim() !== "",
  });
  const screens = useScreens(workspace);
  const actions = useActions(workspace, onShortcuts);
  const results = useMemo(() => {
    // Matches of what was typed before must not stand first when Enter is pressed.
    if (!workspace || !text.trim() || text !== settled || found.isPlaceholderData) return [];
    return (found.data ?? []).map((one) => ({
      key: `${one.kind}-${one.id}`,
      label: one.label,
      hint: one.hint,
      icon: ICONS[one.kind],
      kind: one.kind,
      run: () =>
        one.kind === "item"
          ? void navigate({
              to: "/w/$workspace/inventory/items/$item",
              params: { workspace: workspace.id, item: one.id },
            })
          : void navigate({
              to: "/w/$workspace/inventory/locations/$location",
              params: { workspace: workspace.id, location: one.id },
            }),
    }));
  }, [found.data, found.isPlaceholderData, navigate, settled, text, workspace]);
  const plain = text.trim().toLowerCase();
  const fits = (entry: PaletteEntry) => entry.label.toLowerCase().includes(plain);
  return [
    { label: t("palette.items"), entries: results.filter((one) => one.kind === "item") },
    { label: t("palette.places"), entries: results.filter((one) => one.kind === "location") },
    { label: t("palette.screens"), entries: screens.filter(fits) },
    { label: t("palette.actions"), entries: actions.filter(fits) },
  ];
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
    entries.push({
      key: "account",
      label: t("nav.account"),
      icon: IconUser,
      run: () => void navigate({ to: "/account" }),
    });
    return entries;
  }, [me, navigate, workspace]);
}

function useActions(workspace: MyWorkspace | null, onShortcuts: () => void): PaletteEntry[] {
  const navigate = useNavigate();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return useMemo(() => {
    const entries: PaletteEntry[] = [];
    const may = (permission: string) => workspace?.permissions.includes(permission) === true;
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
