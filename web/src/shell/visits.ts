/** A break this long makes the next look at Today a new visit. */
const BREAK_MS = 30 * 60_000;

export interface Visits {
  /** When the visit before this one ended; null on the first. */
  readonly since: number | null;
  /** When somebody was here last. */
  readonly seen: number;
}

/** What is remembered after being here now. */
export function beHere(before: Visits | null, nowMs: number): Visits {
  if (!before) return { since: null, seen: nowMs };
  if (nowMs - before.seen < BREAK_MS) return { since: before.since, seen: nowMs };
  return { since: before.seen, seen: nowMs };
}

export function readVisits(text: string | null): Visits | null {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    if (typeof value !== "object" || value === null || !("seen" in value)) return null;
    const since = "since" in value && typeof value.since === "number" ? value.since : null;
    return typeof value.seen === "number" ? { since, seen: value.seen } : null;
  } catch {
    return null;
  }
}
