/** A schedule as the box reads it: five fields in UTC, days of the week from 1 (Sunday) to 7. */
export interface Plan {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: readonly number[];
  readonly months: readonly number[];
  readonly weekdays: readonly number[];
}

const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split(" ");

interface Span {
  readonly from: number;
  readonly to: number;
  /** Names of the numbers, the first for `from`. */
  readonly names: readonly string[];
}

const MINUTES: Span = { from: 0, to: 59, names: [] };
const HOURS: Span = { from: 0, to: 23, names: [] };
const DAYS: Span = { from: 1, to: 31, names: [] };
const MONTHS_OF_YEAR: Span = { from: 1, to: 12, names: MONTHS };
const DAYS_OF_WEEK: Span = { from: 1, to: 7, names: WEEKDAYS };

/** Null when it is none, or one that only the box understands. */
export function readPlan(text: string): Plan | null {
  const [minute, hour, day, month, weekday, ...rest] = text.trim().split(/\s+/);
  if (weekday === undefined || rest.length > 0) return null;
  const minutes = numbers(minute, MINUTES);
  const hours = numbers(hour, HOURS);
  const days = numbers(day, DAYS);
  const months = numbers(month, MONTHS_OF_YEAR);
  const weekdays = numbers(weekday, DAYS_OF_WEEK);
  if (!minutes || !hours || !days || !months || !weekdays) return null;
  return { minutes, hours, days, months, weekdays };
}

function numbers(field: string | undefined, span: Span): number[] | null {
  const found = new Set<number>();
  for (const part of (field ?? "").split(",")) {
    const [range, step, ...rest] = part.split("/");
    const every = step === undefined ? 1 : Number(step);
    const ends = endsOf(range ?? "", span, step !== undefined);
    if (!ends || rest.length > 0 || !Number.isInteger(every) || every < 1) return null;
    for (let one = ends[0]; one <= ends[1]; one += every) found.add(one);
  }
  return [...found].sort((a, b) => a - b);
}

function endsOf(range: string, span: Span, hasStep: boolean): [number, number] | null {
  if (range === "*" || range === "?") return [span.from, span.to];
  const [first, last, ...rest] = range.split("-").map((one) => numberOf(one, span));
  if (first === undefined || first === null || last === null || rest.length > 0) return null;
  const end = last ?? (hasStep ? span.to : first);
  return first <= end ? [first, end] : null;
}

function numberOf(text: string, { from, to, names }: Span): number | null {
  const named = names.indexOf(text.toLowerCase().slice(0, 3));
  if (named >= 0 && /^[a-z]+$/i.test(text)) return from + named;
  const number = /^\d{1,2}$/.test(text) ? Number(text) : NaN;
  return number >= from && number <= to ? number : null;
}

/** Longer ahead nobody looks; a leap day comes within it. */
const DAYS_AHEAD = 4 * 366;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** The next times of a plan after `nowMs`, as instants. */
export function nextTimes(plan: Plan, nowMs: number, count: number): string[] {
  const found: string[] = [];
  const today = Math.floor(nowMs / DAY_MS) * DAY_MS;
  for (let ahead = 0; ahead < DAYS_AHEAD && found.length < count; ahead += 1) {
    const day = today + ahead * DAY_MS;
    if (!isDayOf(plan, new Date(day))) continue;
    for (const hour of plan.hours)
      for (const minute of plan.minutes) {
        const at = day + hour * HOUR_MS + minute * MINUTE_MS;
        if (at > nowMs && found.length < count) found.push(new Date(at).toISOString());
      }
  }
  return found;
}

function isDayOf(plan: Plan, day: Date): boolean {
  return (
    plan.months.includes(day.getUTCMonth() + 1) &&
    plan.days.includes(day.getUTCDate()) &&
    plan.weekdays.includes(day.getUTCDay() + 1)
  );
}

/** How a plan is said in words. */
export type Reading =
  | { readonly kind: "minutes"; readonly every: number }
  | { readonly kind: "hourly"; readonly minute: number }
  | { readonly kind: "daily"; readonly time: string }
  | { readonly kind: "weekly"; readonly time: string; readonly weekdays: readonly number[] }
  | { readonly kind: "monthly"; readonly time: string; readonly day: number }
  | { readonly kind: "other" };

export function readingOf(plan: Plan): Reading {
  const { minutes, hours, days, months, weekdays } = plan;
  const [minute, second] = minutes;
  const [hour] = hours;
  const isEveryDay = isAll(days, DAYS) && isAll(months, MONTHS_OF_YEAR);
  const isAnyDay = isEveryDay && isAll(weekdays, DAYS_OF_WEEK);
  if (isAnyDay && isAll(hours, HOURS)) {
    if (minutes.length === 1) return { kind: "hourly", minute: minute ?? 0 };
    const every = (second ?? 0) - (minute ?? 0);
    if (
      minute === 0 &&
      minutes.length * every === 60 &&
      minutes.every((one, at) => one === at * every)
    )
      return { kind: "minutes", every };
  }
  if (minutes.length !== 1 || hours.length !== 1) return { kind: "other" };
  const time = [hour, minute].map((one) => String(one).padStart(2, "0")).join(":");
  if (isAnyDay) return { kind: "daily", time };
  if (isEveryDay) return { kind: "weekly", time, weekdays };
  if (days.length === 1 && isAll(months, MONTHS_OF_YEAR) && isAll(weekdays, DAYS_OF_WEEK))
    return { kind: "monthly", time, day: days[0] ?? 1 };
  return { kind: "other" };
}

function isAll(list: readonly number[], { from, to }: Span): boolean {
  return list.length === to - from + 1;
}
