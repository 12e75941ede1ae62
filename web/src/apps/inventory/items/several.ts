import type { Item, ItemChange } from "@/api/types";
import { asZone } from "../Zone";

/** In place of a zone: as it is. */
export const KEEP = "keep";
/** In place of a zone: none. */
export const ANY = "any";

/** What happens to a field of every chosen item. */
export type Way = "keep" | "set" | "clear";
export const FIELDS = ["category", "min_qty", "max_qty"] as const;
export type Field = (typeof FIELDS)[number];

export interface SeveralValues {
  readonly category_way: string | null;
  readonly category: string;
  readonly min_qty_way: string | null;
  readonly min_qty: string;
  readonly max_qty_way: string | null;
  readonly max_qty: string;
  readonly temp_zone: string | null;
}

export const UNCHANGED: SeveralValues = {
  category_way: "keep",
  category: "",
  min_qty_way: "keep",
  min_qty: "",
  max_qty_way: "keep",
  max_qty: "",
  temp_zone: KEEP,
};

type Fields = Omit<ItemChange, "id" | "version">;

/** What is asked of every item; `read` makes the box's decimals of what was typed. */
export function fieldsOf(values: SeveralValues, read: (typed: string) => string | null): Fields {
  const to = (field: Field) => {
    const typed = values[field].trim();
    if (values[`${field}_way`] === "clear") return { [field]: null };
    if (values[`${field}_way`] !== "set") return {};
    return { [field]: field === "category" ? typed : read(typed) };
  };
  const zone = values.temp_zone === KEEP ? {} : { temp_zone: asZone(values.temp_zone) };
  return { ...to("category"), ...to("min_qty"), ...to("max_qty"), ...zone };
}

/** The same change for each item, as it was when somebody looked at it. */
export function changesOf(items: readonly Item[], fields: Fields): ItemChange[] {
  return items.map((item) => ({ id: item.id, version: item.version, ...fields }));
}

/** What takes a change back: of what was really changed, each item's own fields before. */
export function backOf(
  before: readonly Item[],
  after: readonly Item[],
  fields: Fields,
): ItemChange[] {
  const old = new Map(before.map((item) => [item.id, item]));
  return after.flatMap((item) => {
    const was = old.get(item.id);
    if (!was || was.version === item.version) return [];
    const own = Object.keys(fields).map((name) => [name, was[name as keyof Fields] ?? null]);
    return [{ id: item.id, version: item.version, ...Object.fromEntries(own) }];
  });
}
