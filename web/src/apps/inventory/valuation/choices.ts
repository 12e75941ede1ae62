export const VALUATION_GROUPS = ["category", "location", "item"] as const;
export type ValuationGroup = (typeof VALUATION_GROUPS)[number];

export interface ValuationFilter {
  readonly group?: ValuationGroup;
  /** A day where the workspace is, `2026-03-31`; now when it is left out. */
  readonly at?: string;
  /** Empty: what has no category. */
  readonly category?: string;
  readonly location_id?: string;
}
