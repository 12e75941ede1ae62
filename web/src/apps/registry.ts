import {
  IconAlertTriangle,
  IconArrowsExchange,
  IconFileText,
  IconCircleCheck,
  IconMapPin,
  IconPackage,
  IconReportMoney,
  IconStack2,
  IconTruckDelivery,
  IconUpload,
  type Icon,
} from "@tabler/icons-react";
import { lazy, type ComponentType, type LazyExoticComponent } from "react";
import type { PlainKey } from "@/i18n";
import type { AuditWords } from "@/platform/audit/AuditWords";
import type { DeletableKind } from "@/platform/recycle/DeletableKinds";
import type { FoundKind } from "@/platform/search/FoundKinds";

export type WorkspaceScreen =
  | "/w/$workspace/inventory/items"
  | "/w/$workspace/inventory/stock"
  | "/w/$workspace/inventory/movements"
  | "/w/$workspace/inventory/locations"
  | "/w/$workspace/inventory/low"
  | "/w/$workspace/inventory/orders"
  | "/w/$workspace/inventory/suppliers"
  | "/w/$workspace/inventory/counts"
  | "/w/$workspace/inventory/reports"
  | "/w/$workspace/inventory/import";

export interface AppScreen {
  readonly to: WorkspaceScreen;
  readonly label: PlainKey;
  readonly icon: Icon;
  /** One of these is needed to see it in the menus. */
  readonly permissions: readonly string[];
  /** `g` and this key lead here. */
  readonly jump?: string;
  /** What stands at the end of its entry: how much waits there. */
  readonly badge?: LazyExoticComponent<ComponentType<{ readonly workspace: string }>>;
}

/** What an app brings along. Mirrors the list of apps in the server; only the shell reads it. */
export interface AppDescription {
  readonly id: string;
  readonly label: PlainKey;
  /** What it is for, in one sentence. */
  readonly about: PlainKey;
  readonly icon: Icon;
  readonly screens: readonly AppScreen[];
  /** How its actions read in the log, by the name of the action. */
  readonly auditWords: Readonly<Record<string, AuditWords>>;
  /** What of it can be deleted, and how it comes back. */
  readonly deletable: readonly DeletableKind[];
  /** What of it the search finds. */
  readonly finds: readonly FoundKind[];
  /** Its part of Today. */
  readonly today: LazyExoticComponent<ComponentType>;
}

const MovementAudit = lazy(() => import("./inventory/MovementAudit"));

const inventory: AppDescription = {
  id: "inventory",
  label: "nav.inventory",
  about: "app.inventory.about",
  icon: IconPackage,
  screens: [
    {
      to: "/w/$workspace/inventory/items",
      label: "nav.items",
      icon: IconPackage,
      permissions: ["inventory.read"],
      jump: "i",
    },
    {
      to: "/w/$workspace/inventory/stock",
      label: "nav.stock",
      icon: IconStack2,
      permissions: ["inventory.read"],
      jump: "s",
    },
    {
      to: "/w/$workspace/inventory/movements",
      label: "nav.movements",
      icon: IconArrowsExchange,
      permissions: ["inventory.read"],
      jump: "m",
    },
    {
      to: "/w/$workspace/inventory/locations",
      label: "nav.locations",
      icon: IconMapPin,
      permissions: ["inventory.read"],
      jump: "l",
    },
    {
      to: "/w/$workspace/inventory/low",
      label: "items.low",
      icon: IconAlertTriangle,
      permissions: ["inventory.read"],
      badge: lazy(() => import("./inventory/low/LowBadge")),
    },
    {
      to: "/w/$workspace/inventory/orders",
      label: "orders.title",
      icon: IconFileText,
      permissions: ["inventory.prices"],
    },
    {
      to: "/w/$workspace/inventory/suppliers",
      label: "suppliers.title",
      icon: IconTruckDelivery,
      permissions: ["inventory.prices"],
    },
    {
      to: "/w/$workspace/inventory/counts",
      label: "nav.counts",
      icon: IconCircleCheck,
      permissions: ["inventory.count"],
      jump: "c",
    },
    {
      to: "/w/$workspace/inventory/reports",
      label: "nav.reports",
      icon: IconReportMoney,
      permissions: ["inventory.prices"],
    },
    {
      to: "/w/$workspace/inventory/import",
      label: "nav.import",
      icon: IconUpload,
      permissions: ["inventory.import", "inventory.export"],
    },
  ],
  auditWords: {
    "inventory.movement.recorded": MovementAudit,
    "inventory.movement.reversed": MovementAudit,
  },
  finds: [
    {
      kind: "inventory.item",
      label: "items.one",
      group: "nav.items",
      icon: IconPackage,
      to: (workspace, hit) => ({
        to: "/w/$workspace/inventory/items/$item",
        params: { workspace, item: hit.id },
      }),
    },
    {
      kind: "inventory.location",
      label: "locations.one",
      group: "nav.locations",
      icon: IconMapPin,
      to: (workspace, hit) => ({
        to: "/w/$workspace/inventory/stock",
        params: { workspace },
        search: { location_id: hit.id },
      }),
    },
    {
      kind: "inventory.supplier",
      label: "suppliers.one",
      group: "suppliers.title",
      icon: IconTruckDelivery,
      to: (workspace, hit) => ({
        to: "/w/$workspace/inventory/suppliers/$supplier",
        params: { workspace, supplier: hit.id },
      }),
    },
    {
      kind: "inventory.order",
      label: "orders.title",
      group: "orders.title",
      icon: IconFileText,
      to: (workspace, hit) => ({
        to: "/w/$workspace/inventory/orders/$order",
        params: { workspace, order: hit.id },
      }),
    },
    {
      kind: "inventory.movement",
      label: "movements.one",
      group: "nav.movements",
      icon: IconArrowsExchange,
      to: (workspace, hit) =>
        hit.parent_id
          ? {
              to: "/w/$workspace/inventory/items/$item",
              params: { workspace, item: hit.parent_id },
            }
          : { to: "/w/$workspace/inventory/movements", params: { workspace } },
    },
  ],
  deletable: [
    {
      kind: "inventory.item",
      label: "items.one",
      icon: IconPackage,
      restore: async (workspace, id) =>
        (await import("./inventory/items/queries")).restoreItem(workspace, id),
    },
    {
      kind: "inventory.location",
      label: "locations.one",
      icon: IconMapPin,
      restore: async (workspace, id) =>
        (await import("./inventory/locations/queries")).restoreLocation(workspace, id),
    },
    {
      kind: "inventory.supplier",
      label: "suppliers.one",
      icon: IconTruckDelivery,
      restore: async (workspace, id) =>
        (await import("./inventory/suppliers/queries")).restoreSupplier(workspace, id),
    },
  ],
  today: lazy(() => import("./inventory/InventoryToday")),
};

export const APPS: readonly AppDescription[] = [inventory];
