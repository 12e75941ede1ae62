import type { DoctorFinding } from "@/api/types";
import type { LampState } from "@/ui/Lamp";

const LAMPS: Readonly<Record<string, LampState>> = {
  failed: "danger",
  warning: "caution",
  ok: "good",
};

export function lampOf(status: string): LampState {
  return LAMPS[status] ?? "info";
}

export interface Parted {
  /** What is wrong or could be better, the worst first. */
  readonly found: readonly DoctorFinding[];
  readonly well: readonly DoctorFinding[];
  readonly skipped: readonly DoctorFinding[];
}

/** Takes a report apart; each part stays in the order of the box. */
export function parted(findings: readonly DoctorFinding[]): Parted {
  const of = (...names: string[]) => findings.filter((one) => names.includes(one.status));
  return {
    found: findings.filter((one) => !["ok", "skipped"].includes(one.status)),
    well: of("ok"),
    skipped: of("skipped"),
  };
}

/** Where the manual says more about a finding. */
export function manualOf(code: string): string {
  return `/help/troubleshooting#${code}`;
}

/** What was done, in one list. */
export function allDone(done: Readonly<Record<string, readonly string[]>>): readonly string[] {
  return Object.values(done).flat();
}
