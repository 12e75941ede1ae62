import { isRecord } from "@/api/problem";

/** What a finished export says of its file. */
export interface Exported {
  readonly file: string;
  readonly sizeBytes: number;
  readonly fingerprint: string;
  readonly keptUntil: string;
}

/** What was found in an archive, or made of it. */
export interface Moved {
  readonly name: string;
  readonly boxName: string;
  readonly boxId: string;
  readonly fingerprint: string;
  readonly takenAt: string;
  readonly rows: number;
  readonly entries: number;
  readonly people: number;
  /** None where one only looked. */
  readonly workspace: string | null;
}

export function readExported(result: unknown): Exported | null {
  if (!isRecord(result)) return null;
  const { file, size_bytes: size, fingerprint, kept_until: kept } = result;
  if (typeof file !== "string" || typeof kept !== "string") return null;
  return {
    file,
    sizeBytes: typeof size === "number" ? size : 0,
    fingerprint: text(fingerprint),
    keptUntil: kept,
  };
}

export function readMoved(result: unknown): Moved | null {
  if (!isRecord(result) || typeof result["taken_at"] !== "string") return null;
  const workspace = result["workspace_id"];
  return {
    name: text(result["name"]),
    boxName: text(result["box_name"]),
    boxId: text(result["box_id"]),
    fingerprint: text(result["fingerprint"]),
    takenAt: result["taken_at"],
    rows: count(result["rows"]),
    entries: count(result["audit_entries"]),
    people: count(result["people"]),
    workspace: typeof workspace === "string" ? workspace : null,
  };
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function count(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
