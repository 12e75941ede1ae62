/** What stands behind the question mark of an address, unread. */
export type Search = Record<string, unknown>;

/** The named members of an address that are texts; numbers in an address mean texts here. */
export function texts<K extends string>(
  search: Search,
  names: readonly K[],
): { [N in K]?: string } {
  const found: { [N in K]?: string } = {};
  for (const name of names) {
    const value = search[name];
    if (typeof value === "string" && value !== "") found[name] = value;
    else if (typeof value === "number") found[name] = String(value);
  }
  return found;
}

/** The member of an address that is one of a few words. */
export function oneOf<N extends string, V extends string>(
  search: Search,
  name: N,
  values: readonly V[],
): { [K in N]?: V } {
  const value = values.find((one) => one === search[name]);
  const found: { [K in N]?: V } = {};
  if (value !== undefined) found[name] = value;
  return found;
}

/** A filter that is on or left out. */
export function flag<K extends string>(search: Search, name: K): { [P in K]?: true } {
  const value = search[name];
  const found: { [P in K]?: true } = {};
  if (value === true || value === "true") found[name] = true;
  return found;
}
