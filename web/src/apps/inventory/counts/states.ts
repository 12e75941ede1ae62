export const COUNT_STATES = ["open", "submitted", "applied", "canceled"] as const;
export type CountState = (typeof COUNT_STATES)[number];
/** What the address of the list says; a word that is no state finds nothing. */
export interface CountFilter {
  readonly state?: string;
}

export const LINE_STATES = [
  "conflict",
  "recount",
  "variance",
  "uncounted",
  "counted",
  "ok",
  "approved",
  "rejected",
] as const;
export type LineState = (typeof LINE_STATES)[number];
export interface LineFilter {
  readonly show?: string;
}

/** Where somebody counts, and what. */
export interface CountingSearch {
  readonly place?: string;
  readonly line?: string;
}
