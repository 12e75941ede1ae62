/** How far somebody can rely on a backup, from what never came about to what a person opened. */
export const LEVELS = ["failed", "gone", "running", "uploaded", "verified", "drilled"] as const;
export type Level = (typeof LEVELS)[number];

interface Standing {
  readonly state: string;
  readonly level?: string | null;
  readonly copies: readonly { readonly state: string }[];
}

/** Whether there is a copy that something can be read from. */
export function isThere({ copies }: Pick<Standing, "copies">): boolean {
  return copies.some((copy) => copy.state === "there");
}

export function levelOf(backup: Standing): Level {
  const { state, level } = backup;
  if (state !== "uploaded") return state === "running" ? "running" : "failed";
  // What it was proved to be says nothing once nothing of it is left.
  if (!isThere(backup)) return "gone";
  return LEVELS.find((one) => one === level) ?? "uploaded";
}

export function isVerified(backup: Standing): boolean {
  const level = levelOf(backup);
  return level === "verified" || level === "drilled";
}

/** The newest backup that was verified and leaves nothing out; backups say so in `detail`. */
export function newestWhole<T extends Standing & { readonly detail?: string | null }>(
  backups: readonly T[],
): T | undefined {
  return backups.find((one) => isVerified(one) && !one.detail);
}

interface Moving {
  readonly started_at?: string | null;
  readonly progress?: { readonly done: number; readonly total: number } | null;
}

export interface Pace {
  readonly bytesPerSecond: number;
  /** Until all is read; what is sent afterwards is not in it. */
  readonly leftMs: number;
}

/** Below that nothing can be said of how quick it is. */
const PACE_MS_MIN = 1_500;
const SECOND_MS = 1_000;

/** How quick a job reads, and how long that takes; null while it is too early to say. */
export function paceOf(job: Moving, nowMs: number): Pace | null {
  const { started_at: start, progress } = job;
  if (!start || !progress || progress.done <= 0 || progress.done >= progress.total) return null;
  const took = nowMs - Date.parse(start);
  if (!(took >= PACE_MS_MIN)) return null;
  const bytesPerSecond = (progress.done * SECOND_MS) / took;
  const leftMs = ((progress.total - progress.done) / bytesPerSecond) * SECOND_MS;
  return { bytesPerSecond, leftMs };
}

interface Kit {
  readonly confirmed_at?: string | null;
  readonly retired_at?: string | null;
}

/** What is done of what makes a box safe. */
export interface Safety {
  readonly hasTarget: boolean;
  readonly hasKit: boolean;
  readonly isKitProved: boolean;
  readonly hasBackup: boolean;
  readonly isVerified: boolean;
}

export function safetyOf(
  targets: readonly unknown[],
  kits: readonly Kit[],
  backups: readonly Standing[],
): Safety {
  const inUse = kits.filter((kit) => !kit.retired_at);
  return {
    hasTarget: targets.length > 0,
    hasKit: inUse.length > 0,
    isKitProved: inUse.some((kit) => kit.confirmed_at),
    hasBackup: backups.some((one) => one.state === "uploaded" && isThere(one)),
    isVerified: backups.some(isVerified),
  };
}
