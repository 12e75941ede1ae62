import type { Backup } from "@/api/types";
import { t, tDynamic, type Formatter } from "@/i18n";
import type { TagTone } from "@/ui/Tag";
import type { Level } from "./rules";

export const LEVEL_TONES: Readonly<Record<Level, TagTone>> = {
  failed: "danger",
  gone: "plain",
  running: "info",
  uploaded: "caution",
  verified: "good",
  drilled: "good",
};

export function levelName(level: Level): string {
  return t(`backups.level.${level}`);
}

export function reasonName(reason: string): string {
  return tDynamic(`backups.reason.${reason}`, reason);
}

/** The moment a backup is of; where none was taken, when it began. */
export function momentOf(backup: Pick<Backup, "taken_at" | "started_at">): string {
  return backup.taken_at ?? backup.started_at;
}

/** What it holds, in one line; empty while nothing is known of it. */
export function sizeLine(backup: Backup, format: Formatter): string {
  const { size_bytes: size, workspaces: count } = backup;
  return [
    typeof size === "number" ? format.bytes(size) : "",
    typeof count === "number" ? t("backups.workspaces", { count }) : "",
  ]
    .filter(Boolean)
    .join(" · ");
}
