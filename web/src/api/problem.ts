import type { components } from "./schema.gen";

type Document = components["schemas"]["Problem"];
export type FieldProblem = {
  readonly field: string;
  readonly code: string;
  readonly detail: string;
};

/** A refusal of the box, as every screen handles it: branch on `code`, show `detail`. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly requestId: string | null;
  readonly fields: readonly FieldProblem[];
  /** Members beyond the standard ones, e.g. `on_hand` of `stock-short`. */
  readonly extra: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds: number | null;

  constructor(document: Partial<Document> & Record<string, unknown>, response: Response | null) {
    const detail = text(document.detail) ?? text(document.title) ?? "";
    super(detail);
    this.name = "ApiProblem";
    this.status = response?.status ?? 0;
    this.code = text(document.code) ?? (response ? `http-${response.status}` : "network");
    this.title = text(document.title) ?? "";
    this.detail = detail;
    this.requestId = response?.headers.get("x-request-id") ?? idOf(text(document.instance));
    this.fields = Array.isArray(document.errors) ? document.errors.map(fieldOf) : [];
    const {
      type: _t,
      title: _i,
      status: _s,
      detail: _d,
      instance: _n,
      code: _c,
      errors: _e,
      ...extra
    } = document;
    this.extra = extra;
    const retry = Number(response?.headers.get("retry-after"));
    this.retryAfterSeconds = Number.isFinite(retry) && retry > 0 ? retry : null;
  }

  extraText(name: string): string | null {
    return text(this.extra[name]);
  }
}

export function asProblem(error: unknown): ApiProblem {
  if (error instanceof ApiProblem) return error;
  return new ApiProblem(
    { code: "unexpected", detail: error instanceof Error ? error.message : String(error) },
    null,
  );
}

/** Reads the refusal out of an answer, whatever stands in its body. */
export async function problemOf(response: Response, body: unknown): Promise<ApiProblem> {
  const document = isRecord(body) ? body : {};
  return new ApiProblem(document, response);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

function idOf(instance: string | null): string | null {
  return instance?.split("/").at(-1) ?? null;
}

function fieldOf(error: unknown): FieldProblem {
  const record = isRecord(error) ? error : {};
  return {
    field: text(record["field"]) ?? "",
    code: text(record["code"]) ?? "",
    detail: text(record["detail"]) ?? "",
  };
}
