import { isRecord } from "@/api/problem";
import { t, tDynamic, type Formatter } from "@/i18n";
import type { TagTone } from "@/ui/Tag";
import { readingOf, readPlan, type Reading } from "./cron";
import type { Job, Schedule } from "@/api/types";

/** What a job does; kinds this page does not know yet have the box's own title. */
export function jobTitle(job: Pick<Job, "kind" | "title">): string {
  return tDynamic(`job.kind.${job.kind}`, job.title);
}

const SAMPLE_DATA = "workspace.sample-data";

/** Who asked for a job; what no person asked for says what it comes from. */
export function askedBy(job: Pick<Job, "kind" | "requested_by">): string {
  if (job.requested_by) return job.requested_by.name;
  return t(job.kind === SAMPLE_DATA ? "job.byNewWorkspace" : "job.bySchedule");
}

const TONES: Readonly<Record<string, TagTone>> = {
  running: "info",
  done: "good",
  failed: "danger",
};

export function stateTone(state: string): TagTone {
  return TONES[state] ?? "plain";
}

export function stateName(state: string): string {
  return tDynamic(`job.state.${state}`, state);
}

const SECOND_MS = 1_000;
const MINUTE_S = 60;
const HOUR_MINUTES = 60;

/** A span in the coarsest unit that still says something. */
export function spanText(ms: number): string {
  if (ms < SECOND_MS) return t("span.ms", { count: Math.round(ms) });
  const seconds = Math.round(ms / SECOND_MS);
  if (seconds < 2 * MINUTE_S) return t("span.seconds", { count: seconds });
  const minutes = Math.round(seconds / MINUTE_S);
  if (minutes < 2 * HOUR_MINUTES) return t("span.minutes", { count: minutes });
  return t("span.hours", { count: Math.round(minutes / HOUR_MINUTES) });
}

/** When a plan runs, in words where it has simple ones. */
export function planText(schedule: Schedule): string {
  if (!schedule.is_on) return t("jobs.planOff");
  return cronText(schedule.cron, schedule.time_zone);
}

export function cronText(cron: string, zone: string): string {
  const plan = readPlan(cron);
  const reading: Reading = plan ? readingOf(plan) : { kind: "other" };
  switch (reading.kind) {
    case "minutes":
      return t("jobs.planMinutes", { count: reading.every });
    case "hourly":
      return t("jobs.planHourly", { minute: reading.minute });
    case "daily":
      return t("jobs.planDaily", { time: reading.time, zone });
    case "weekly": {
      const days = reading.weekdays.map((day) => weekdayName(day)).join(", ");
      return t("jobs.planWeekly", { days, time: reading.time, zone });
    }
    case "monthly":
      return t("jobs.planMonthly", { day: reading.day, time: reading.time, zone });
    case "other":
      return t("jobs.plan", { cron, zone });
  }
}

function weekdayName(day: number): string {
  return tDynamic(`jobs.weekday.${day}`, String(day));
}

/** What a job answers depends on its kind. */
function resultOf(job: Job): Record<string, unknown> | null {
  const result: unknown = job.result;
  return isRecord(result) ? result : null;
}

/** What came out of a job, in one line; empty when there is nothing to say. */
export function resultText(job: Job, format: Formatter): string {
  const result = resultOf(job);
  if (!result) return "";
  const number = (name: string) => {
    const value = result[name];
    return typeof value === "number" ? value : null;
  };
  const created = number("created");
  const updated = number("updated");
  const skipped = number("skipped");
  if (created !== null && updated !== null && skipped !== null)
    return t("import.doneText", { created, updated, skipped });
  const checked = number("checked");
  const differences = result["differences"];
  if (checked !== null) {
    const count = Array.isArray(differences) ? differences.length : Number(differences ?? 0);
    return count === 0 ? t("job.checkedGood", { count: checked }) : t("job.checkedBad", { count });
  }
  const rows = number("rows");
  const size = number("size_bytes");
  if (rows !== null && size !== null)
    return t("job.exported", { rows: format.integer(rows), size: format.bytes(size) });
  return "";
}

/** Where the file a job made can be fetched; only a path of this box. */
export function fileOf(job: Job): string | null {
  const file = resultOf(job)?.["file"];
  return typeof file === "string" && file.startsWith("/api/v1/") ? file : null;
}
