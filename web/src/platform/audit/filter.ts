const PEOPLE = "people";

export interface AuditFilter {
  readonly actor?: string;
  readonly action?: string;
  readonly object?: string;
  /** Kind of the object. */
  readonly kind?: string;
  readonly outcome?: string;
  readonly from?: string;
  readonly to?: string;
  /** `people` reads what the box's log says of who belongs to the workspace. */
  readonly log?: string;
}

export const FILTER_NAMES = [
  "actor",
  "action",
  "object",
  "kind",
  "outcome",
  "from",
  "to",
  "log",
] as const;

/** The filter with one part set, or taken out when there is nothing to set. */
export function changed(
  filter: AuditFilter,
  name: keyof AuditFilter,
  value: string | null | undefined,
): AuditFilter {
  const { [name]: _old, ...rest } = filter;
  return value ? { ...rest, [name]: value } : rest;
}

/** How many parts narrow the list; which log it comes from does not. */
export function countOf(filter: AuditFilter): number {
  return FILTER_NAMES.filter((name) => name !== "log" && filter[name] !== undefined).length;
}

export function isOfPeople(filter: AuditFilter): boolean {
  return filter.log === PEOPLE;
}

/** All of one of the two logs. */
export function allOf(isPeople: boolean): AuditFilter {
  return isPeople ? { log: PEOPLE } : {};
}

/** A page may hold fewer rows than asked for, even none, though the log goes further back. */
export function stoppedShort(
  page: { readonly items: readonly unknown[]; readonly next_cursor?: string | null } | undefined,
  asked: number,
): boolean {
  return Boolean(page?.next_cursor) && (page?.items.length ?? 0) < asked;
}

interface Actor {
  readonly id?: string | null;
  readonly kind: string;
  readonly name?: string | null;
}

/** Everybody who can be asked for: the people known, and whoever stands in the entries shown. */
export function peopleIn(
  known: readonly { readonly id: string; readonly name: string }[],
  entries: readonly { readonly actor: Actor }[],
): { id: string; name: string }[] {
  const found = new Map(known.map((one) => [one.id, one.name]));
  for (const { actor } of entries)
    if (actor.id && actor.name && (actor.kind === "user" || actor.kind === "token"))
      found.set(actor.id, actor.name);
  return [...found]
    .map(([id, name]) => ({ id, name }))
    .sort((one, other) => one.name.localeCompare(other.name));
}
