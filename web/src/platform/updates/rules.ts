import type { UpdateEntry, UpdatesStatus, UpdateUnderWay } from "@/api/types";
import type { LampState } from "@/ui/Lamp";
import type { TagTone } from "@/ui/Tag";

/** What stands first on the page. */
export type Lead = "alone" | "noRoot" | "busy" | "offer" | "fails" | "notAsked" | "upToDate";

export function leadOf(status: UpdatesStatus): Lead {
  if (status.under_way) return "busy";
  if (!status.supervision.is_supervised) return "alone";
  if (!status.settings.has_root) return "noRoot";
  if (status.offer) return "offer";
  if (status.feed.problem) return "fails";
  return status.feed.answered_at ? "upToDate" : "notAsked";
}

/** Whether a release can be asked for at all. */
export function canUpdate(status: UpdatesStatus): boolean {
  return status.supervision.is_supervised && status.settings.has_root;
}

const TONES: Readonly<Record<string, TagTone>> = {
  committed: "good",
  "rolled-back": "caution",
  failed: "danger",
  discarded: "plain",
};

export function outcomeTone(entry: UpdateEntry): TagTone {
  return entry.outcome ? (TONES[entry.outcome] ?? "plain") : "info";
}

export function severityTone(severity: string): TagTone {
  if (severity === "critical") return "danger";
  return severity === "security" ? "caution" : "info";
}

export function protectionLamp(protection: string | null | undefined): LampState {
  if (protection === "full") return "good";
  return protection === "partial" ? "info" : "caution";
}

/** The first eight digits of a long id, to be compared by eye. */
export function short(id: string): string {
  return id.slice(0, 8);
}

/** How long is left until a digest is too old, in milliseconds; 0 when it is. */
export function digestLeftMs(expiresAt: string, now: number): number {
  return Math.max(0, Date.parse(expiresAt) - now);
}

export const PROGRESS_TOTAL = 100;

/** How far the present part is, in percent; null while nobody can say. */
export function percentOf(underWay: UpdateUnderWay): number | null {
  const { progress } = underWay;
  if (!progress || progress.total === 0) return null;
  return Math.floor((progress.done * PROGRESS_TOTAL) / progress.total);
}

const SECOND_MS = 1_000;

/** How long a pause is called, in seconds: never none, and rather one too many. */
export function pauseSeconds(pauseMs: number): number {
  return Math.max(1, Math.ceil(pauseMs / SECOND_MS));
}
