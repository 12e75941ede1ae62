import type { Item } from "@/api/types";

/** How many items one request may change. */
export const CHOSEN_MAX = 500;

/** The chosen items with one more, or without it. Over the bound nothing is added. */
export function toggled(chosen: ReadonlyMap<string, Item>, item: Item): ReadonlyMap<string, Item> {
  const next = new Map(chosen);
  if (!next.delete(item.id) && next.size < CHOSEN_MAX) next.set(item.id, item);
  return next;
}

/** The chosen items and those that are shown, to the bound. */
export function withAll(
  chosen: ReadonlyMap<string, Item>,
  rows: readonly Item[],
): ReadonlyMap<string, Item> {
  const next = new Map(chosen);
  for (const row of rows) if (next.has(row.id) || next.size < CHOSEN_MAX) next.set(row.id, row);
  return next;
}
