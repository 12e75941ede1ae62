import type { ValuationGroup } from "../valuation/choices";

export const USAGE_STEPS = ["day", "week", "month"] as const;
export type UsageStepName = (typeof USAGE_STEPS)[number];
export const ACCURACY_GROUPS = ["count", "category", "location"] as const;
export type AccuracyGroup = (typeof ACCURACY_GROUPS)[number];

/** Days where the workspace is, `2026-03-31`; the thirty up to today when they are left out. */
export interface PeriodFilter {
  readonly from?: string;
  readonly to?: string;
}

export interface UsageFilter extends PeriodFilter {
  readonly group?: ValuationGroup;
  readonly step?: UsageStepName;
  /** Empty: what has no category. */
  readonly category?: string;
  readonly location_id?: string;
  readonly item_id?: string;
}

export interface AccuracyFilter extends PeriodFilter {
  readonly group?: AccuracyGroup;
}
