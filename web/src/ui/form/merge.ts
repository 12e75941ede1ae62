/** Whose value a field is to have. */
export type Side = "mine" | "theirs";

/** A field that is not the same for everybody any more. */
export interface Difference {
  readonly name: string;
  readonly base: unknown;
  readonly mine: unknown;
  readonly theirs: unknown;
  /** Who changed it since the form was opened. */
  readonly by: Side | "both";
}

/** What somebody else saved meanwhile, as the form would hold it. */
export interface Newest<V extends object> {
  readonly values: V;
  /** The next save is one on top of it. */
  adopt(): void;
  /** How a field's value is said where `said` knows too little of it. */
  say?(name: string, value: unknown): string;
}

/** The fields that one of two changed since `base`, but not both in the same way. */
export function differences<V extends object>(base: V, mine: V, theirs: V): Difference[] {
  const of = (values: V) => new Map<string, unknown>(Object.entries(values));
  const [before, here, there] = [of(base), of(mine), of(theirs)];
  return [...before.keys()].flatMap((name): Difference[] => {
    const one = { name, base: before.get(name), mine: here.get(name), theirs: there.get(name) };
    if (isSame(one.mine, one.theirs)) return [];
    if (isSame(one.base, one.theirs)) return [{ ...one, by: "mine" }];
    return [{ ...one, by: isSame(one.base, one.mine) ? "theirs" : "both" }];
  });
}

/** The form's own values with theirs where they are to have their way. */
export function merged<V extends object>(
  mine: V,
  theirs: V,
  sides: Readonly<Record<string, Side | undefined>>,
): V {
  const taken = Object.entries(theirs).filter(([name]) => sides[name] === "theirs");
  return { ...mine, ...Object.fromEntries(taken) };
}

/** A field's value as a line of text; empty where there is none. */
export function said(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(said).filter(Boolean).join(", ");
  if (typeof value === "object") {
    const named = value as Readonly<Record<string, unknown>>;
    if (typeof named["name"] === "string") return named["name"];
    return Object.values(named).map(said).filter(Boolean).join(" · ");
  }
  return String(value as string | number | boolean);
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
