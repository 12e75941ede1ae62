import { isRecord } from "@/api/problem";

/** A workspace as a backup holds it, beside what there is of it now. */
export interface Then {
  readonly id: string;
  readonly name: string;
  readonly bytes: number;
  readonly rows: number;
  /** Null where there is none of it now. */
  readonly rowsNow: number | null;
  readonly entries: number;
  readonly entriesNow: number | null;
}

export interface Look {
  readonly takenAt: string;
  readonly version: string;
  readonly workspaces: readonly Then[];
  /** Files that the backup ought to hold and does not. */
  readonly missing: readonly string[];
}

/** What becomes of a workspace of now that another takes the place of. */
export type UndoOf = "possible" | "damaged" | "nothing";

/** A damaged file is kept, but nobody is led back to it; where there is none, nothing is lost. */
export function undoOf(one: Then | undefined, damaged: readonly string[]): UndoOf {
  if (one && damaged.includes(one.id)) return "damaged";
  return one && one.rowsNow === null ? "nothing" : "possible";
}

/** Reads what a look into a backup found; null when it is nothing of the kind. */
export function readLook(result: unknown): Look | null {
  if (!isRecord(result) || typeof result["taken_at"] !== "string") return null;
  const files: readonly unknown[] = Array.isArray(result["files"]) ? result["files"] : [];
  const missing: readonly unknown[] = Array.isArray(result["missing"]) ? result["missing"] : [];
  return {
    takenAt: result["taken_at"],
    version: String(result["version"] ?? ""),
    workspaces: files.map(readThen).filter((one) => one !== null),
    missing: missing.map(String),
  };
}

function readThen(file: unknown): Then | null {
  if (!isRecord(file) || typeof file["workspace_id"] !== "string") return null;
  const id = file["workspace_id"];
  return {
    id,
    name: typeof file["name"] === "string" ? file["name"] : id,
    bytes: numberOf(file["bytes"]) ?? 0,
    rows: sumOf(file["rows"]) ?? 0,
    rowsNow: sumOf(file["rows_now"]),
    entries: numberOf(file["audit_entries"]) ?? 0,
    entriesNow: numberOf(file["audit_entries_now"]),
  };
}

function numberOf(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

/** All rows of all tables. */
function sumOf(rows: unknown): number | null {
  if (!isRecord(rows)) return null;
  return Object.values(rows).reduce<number>((sum, one) => sum + (numberOf(one) ?? 0), 0);
}
