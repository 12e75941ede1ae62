import { currentLanguage } from "@/i18n";

const MONDAY = 1;
/** A Monday, to take the names of the days from. */
const MONDAY_MS = Date.UTC(2026, 0, 5, 12);
const DAY_MS = 86_400_000;

interface WeekInfo {
  readonly firstDay: number;
}
/** Browsers know the week by one name or the other; the types know neither yet. */
interface LocaleWithWeek extends Intl.Locale {
  getWeekInfo?: () => WeekInfo;
  weekInfo?: WeekInfo;
}

/** The day weeks begin with where a locale is spoken; 1 is Monday. */
export function firstDayOf(locale: string): number {
  try {
    const found: LocaleWithWeek = new Intl.Locale(locale);
    return found.getWeekInfo?.().firstDay ?? found.weekInfo?.firstDay ?? MONDAY;
  } catch {
    return MONDAY;
  }
}

/** The seven days by number and name, Monday first. */
export function weekDays(): { value: string; label: string }[] {
  const names = new Intl.DateTimeFormat(currentLanguage(), { weekday: "long", timeZone: "UTC" });
  return Array.from({ length: 7 }, (_, index) => ({
    value: String(index + 1),
    label: names.format(new Date(MONDAY_MS + index * DAY_MS)),
  }));
}
