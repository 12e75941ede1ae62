export interface AuditFilter {
  readonly actor?: string;
  readonly action?: string;
  readonly object?: string;
  readonly from?: string;
  readonly to?: string;
}

export const FILTER_NAMES = ["actor", "action", "object", "from", "to"] as const;

/** The filter with one part set, or taken out when there is nothing to set. */
export function changed(
  filter: AuditFilter,
  name: keyof AuditFilter,
  value: string | null | undefined,
): AuditFilter {
  const { [name]: _old, ...rest } = filter;
  return value ? { ...rest, [name]: value } : rest;
}

export function countOf(filter: AuditFilter): number {
  return FILTER_NAMES.filter((name) => filter[name] !== undefined).length;
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
