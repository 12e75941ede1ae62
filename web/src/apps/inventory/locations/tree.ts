import type { Location } from "@/api/types";

export interface TreeRow {
  readonly location: Location;
  readonly depth: number;
  readonly childCount: number;
}

/** Parents before children, siblings by name; a place whose parent is gone stands at the top. */
export function treeRows(
  locations: readonly Location[],
  closed: ReadonlySet<string> = new Set(),
): TreeRow[] {
  const living = locations.filter((one) => !one.deleted_at);
  const known = new Set(living.map((one) => one.id));
  const children = new Map<string | null, Location[]>();
  for (const location of living) {
    const parent = location.parent_id && known.has(location.parent_id) ? location.parent_id : null;
    const siblings = children.get(parent) ?? [];
    siblings.push(location);
    children.set(parent, siblings);
  }
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  for (const siblings of children.values())
    siblings.sort((a, b) => collator.compare(a.name, b.name));
  const rows: TreeRow[] = [];
  const walk = (parent: string | null, depth: number) => {
    for (const location of children.get(parent) ?? []) {
      const below = children.get(location.id)?.length ?? 0;
      rows.push({ location, depth, childCount: below });
      if (!closed.has(location.id)) walk(location.id, depth + 1);
    }
  };
  walk(null, 0);
  return rows;
}

/** A place and everything below it: what it may not be moved into. */
export function withDescendants(id: string, locations: readonly Location[]): Set<string> {
  const found = new Set([id]);
  let grew = true;
  while (grew) {
    grew = false;
    for (const one of locations) {
      if (one.parent_id && found.has(one.parent_id) && !found.has(one.id)) {
        found.add(one.id);
        grew = true;
      }
    }
  }
  return found;
}

/** `Main kitchen / Walk-in cooler`. */
export function pathName(location: Location, locations: readonly Location[]): string {
  const byId = new Map(locations.map((one) => [one.id, one]));
  const names: string[] = [];
  const seen = new Set<string>();
  let at: Location | undefined = location;
  while (at && !seen.has(at.id)) {
    seen.add(at.id);
    names.unshift(at.name);
    at = at.parent_id ? byId.get(at.parent_id) : undefined;
  }
  return names.join(" / ");
}
