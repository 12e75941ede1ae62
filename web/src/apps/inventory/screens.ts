import { lazyRouteComponent, type RouteComponent } from "@tanstack/react-router";
import { oneOf, texts, type Search } from "@/addresses";
import { loadTexts } from "@/i18n";
import type { CountFilter, CountingSearch, LineFilter } from "./counts/states";
import { IMPORT_KINDS, type ImportKind } from "./import/queries";
import {
  ACCURACY_GROUPS,
  USAGE_STEPS,
  type AccuracyFilter,
  type UsageFilter,
} from "./reports/choices";
import { VALUATION_GROUPS, type ValuationFilter } from "./valuation/choices";

/** A screen, with the texts that only it needs. */
function withTexts<K extends string, T extends Record<K, RouteComponent>>(
  part: "counts" | "importing" | "reports",
  load: () => Promise<T>,
  name: K,
) {
  return lazyRouteComponent(async () => (await Promise.all([load(), loadTexts(part)]))[0], name);
}

/** Addresses below a workspace, what they say, and the screens they lead to. */
export const VALUATION = {
  path: "inventory/reports",
  validateSearch: (search: Search): ValuationFilter => ({
    ...texts(search, ["at", "location_id"]),
    ...oneOf(search, "group", VALUATION_GROUPS),
    // The empty one stands for what has no category.
    ...(typeof search["category"] === "string" ? { category: search["category"] } : {}),
  }),
  component: withTexts("reports", () => import("./valuation/ValuationScreen"), "ValuationScreen"),
} as const;

export const USAGE = {
  path: "inventory/reports/usage",
  validateSearch: (search: Search): UsageFilter => ({
    ...texts(search, ["from", "to", "location_id", "item_id"]),
    ...oneOf(search, "group", VALUATION_GROUPS),
    ...oneOf(search, "step", USAGE_STEPS),
    ...(typeof search["category"] === "string" ? { category: search["category"] } : {}),
  }),
  component: withTexts("reports", () => import("./reports/UsageScreen"), "UsageScreen"),
} as const;

export const ACCURACY = {
  path: "inventory/reports/accuracy",
  validateSearch: (search: Search): AccuracyFilter => ({
    ...texts(search, ["from", "to"]),
    ...oneOf(search, "group", ACCURACY_GROUPS),
  }),
  component: withTexts("reports", () => import("./reports/AccuracyScreen"), "AccuracyScreen"),
} as const;

export const IMPORTING = {
  path: "inventory/import",
  validateSearch: (search: Search): { kind?: ImportKind } => oneOf(search, "kind", IMPORT_KINDS),
  component: withTexts("importing", () => import("./import/ImportScreen"), "ImportScreen"),
} as const;

export const COUNTS = {
  path: "inventory/counts",
  validateSearch: (search: Search): CountFilter => texts(search, ["state"]),
  component: withTexts("counts", () => import("./counts/CountsScreen"), "CountsScreen"),
} as const;

export const ONE_COUNT = {
  path: "inventory/counts/$count",
  validateSearch: (search: Search): LineFilter => texts(search, ["show"]),
  component: withTexts("counts", () => import("./counts/CountScreen"), "CountScreen"),
} as const;

export const COUNTING = {
  path: "inventory/counts/$count/enter",
  validateSearch: (search: Search): CountingSearch => texts(search, ["place", "line"]),
  component: withTexts("counts", () => import("./counts/CountingScreen"), "CountingScreen"),
} as const;
