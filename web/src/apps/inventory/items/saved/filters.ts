import type { SavedFilterRequest } from "@/api/types";
import { t, tDynamic } from "@/i18n";
import type { ItemFilter } from "../queries";

/** The fields of the address that a filter says: what it leaves open is taken out. */
export type Chosen = Record<keyof ItemFilter, string | true | null>;

type Saved = Omit<SavedFilterRequest, "name">;

/** What the list is asked for when a saved filter is pressed. */
export function chosenBy(saved: Saved): Chosen {
  return {
    q: saved.q || null,
    category: saved.category || null,
    location: saved.location || null,
    low: saved.low ? true : null,
    sort: saved.sort || null,
  };
}

/** What the list shows, or a saved filter says, as it is saved under a name. */
export function requestOf(name: string, shown: Saved): SavedFilterRequest {
  const { q, category, location, low, sort } = shown;
  return {
    name,
    q: q || null,
    category: category || null,
    location: location || null,
    low: low === true,
    sort: sort || null,
  };
}

export function isEmpty(filter: Saved): boolean {
  return Object.values(chosenBy(filter)).every((value) => value === null);
}

export function isSame(one: Saved, other: Saved): boolean {
  return JSON.stringify(chosenBy(one)) === JSON.stringify(chosenBy(other));
}

/** What there is to choose from; undefined while it is not known yet. */
export interface Known {
  readonly categories: readonly { readonly category: string }[] | undefined;
  readonly places: readonly { readonly id: string; readonly name: string }[] | undefined;
}

/** What a filter shows, in a few words. */
export function inWords(saved: Saved, known: Known): string {
  const parts = [
    saved.q && `“${saved.q}”`,
    saved.category && categoryName(saved.category, known),
    saved.location && placeName(saved.location, known),
    saved.low && t("items.low"),
  ].filter(Boolean);
  const order = saved.sort && tDynamic(`filters.by.${saved.sort}`, saved.sort);
  return [...(parts.length > 0 ? parts : [t("filters.all")]), order].filter(Boolean).join(" · ");
}

function categoryName(category: string, { categories }: Known): string {
  const isThere = !categories || categories.some((one) => one.category === category);
  return isThere ? category : t("filters.noItems", { category });
}

function placeName(id: string, { places }: Known): string {
  if (!places) return "…";
  return places.find((place) => place.id === id)?.name ?? t("filters.placeGone");
}
