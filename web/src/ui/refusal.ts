import { t } from "@/i18n";

/** What a screen needs to know of a refusal. The API's own class has this shape. */
export interface Refusal {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly requestId: string | null;
  readonly fields: readonly {
    readonly field: string;
    readonly code: string;
    readonly detail: string;
  }[];
  readonly retryAfterSeconds: number | null;
}

export function asRefusal(error: unknown): Refusal {
  if (isRefusal(error)) return error;
  const detail = error instanceof Error ? error.message : String(error);
  return {
    code: "unexpected",
    status: 0,
    detail,
    requestId: null,
    fields: [],
    retryAfterSeconds: null,
  };
}

function isRefusal(error: unknown): error is Refusal {
  return (
    typeof error === "object" &&
    error !== null &&
    "code" in error &&
    "fields" in error &&
    "status" in error
  );
}

/** The person has called it off themselves: nothing is to be said. */
export function wasCancelled(error: unknown): boolean {
  return isRefusal(error) && error.code === "cancelled";
}

/** One sentence a person can act on. */
export function explain(refusal: Refusal): string {
  if (refusal.code === "network") return t("problem.network");
  if (refusal.code === "unexpected") return t("problem.unexpected", { detail: refusal.detail });
  const detail = refusal.detail || t("problem.plain", { status: refusal.status });
  if (refusal.retryAfterSeconds === null) return detail;
  return `${detail} ${t("problem.throttled", { count: refusal.retryAfterSeconds })}`;
}

/** Codes made by the page itself have no page at the box. */
export function hasProblemPage(refusal: Refusal): boolean {
  return refusal.status > 0 && !refusal.code.startsWith("http-");
}
