import { groupDigits, isDecimal, MINUS, type Separators } from "./decimal";
import { t } from "./catalogue";
import { dayIn, endOfDay, instantIn, startOfDay } from "./zone";

export interface Place {
  readonly locale: string;
  readonly timeZone: string;
  readonly currency: string;
}

const DAY_MS = 86_400_000;
/** As the box writes times: RFC 3339 in UTC. */
const BOX_TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Writes every number, amount and time on the screen as the place of the workspace does. */
export class Formatter {
  readonly separators: Separators;
  private readonly zone: string;
  private readonly integers: Intl.NumberFormat;
  private readonly dates: Intl.DateTimeFormat;
  private readonly times: Intl.DateTimeFormat;
  private readonly full: Intl.DateTimeFormat;
  private readonly currencyParts: { before: string; after: string; decimals: number };

  constructor(readonly place: Place) {
    const locale = supported(place.locale);
    const timeZone = validZone(place.timeZone);
    this.zone = timeZone ?? "UTC";
    this.integers = new Intl.NumberFormat(locale);
    this.separators = separatorsOf(locale);
    this.dates = new Intl.DateTimeFormat(locale, {
      timeZone,
      year: "numeric",
      month: "short",
      day: "numeric",
    });
    this.times = new Intl.DateTimeFormat(locale, { timeZone, hour: "2-digit", minute: "2-digit" });
    this.full = new Intl.DateTimeFormat(locale, {
      timeZone,
      dateStyle: "medium",
      timeStyle: "medium",
    });
    this.currencyParts = currencyParts(locale, place.currency);
  }

  integer(value: number): string {
    return this.integers.format(value).replace("-", MINUS);
  }

  /** A quantity without needless zeros: `1250.500` → `1,250.5`. */
  qty(value: string): string {
    return groupDigits(value, this.separators);
  }

  /** A change, with its sign always shown. */
  signedQty(value: string): string {
    return groupDigits(value, this.separators, 0, true);
  }

  /** Money with its currency; decimals beyond the usual two stay when they say something. */
  money(value: string): string {
    if (!isDecimal(value)) return value;
    const { before, after, decimals } = this.currencyParts;
    const digits = groupDigits(value, this.separators, decimals);
    return digits.startsWith(MINUS)
      ? `${MINUS}${before}${digits.slice(1)}${after}`
      : `${before}${digits}${after}`;
  }

  date(iso: string): string {
    return written(this.dates, iso);
  }

  time(iso: string): string {
    return written(this.times, iso);
  }

  exact(iso: string): string {
    return written(this.full, iso);
  }

  dateTime(iso: string): string {
    return `${this.date(iso)}, ${this.time(iso)}`;
  }

  /** The times in a sentence of the box, as people here write them. */
  inText(text: string): string {
    return text.replace(BOX_TIME, (iso) => this.dateTime(iso));
  }

  /** Relative within a day, exact after. */
  when(iso: string, nowMs: number = Date.now()): string {
    const at = Date.parse(iso);
    if (Number.isNaN(at)) return iso;
    const ago = nowMs - at;
    if (ago >= 0 && ago < MINUTE_MS) return t("time.now");
    if (ago >= 0 && ago < HOUR_MS) return t("time.minutes", { count: Math.floor(ago / MINUTE_MS) });
    if (ago >= 0 && ago < DAY_MS) return t("time.hours", { count: Math.floor(ago / HOUR_MS) });
    return this.dateTime(iso);
  }

  /** The day an instant falls on here, as `2026-03-31`. */
  dayOf(iso: string): string {
    return dayIn(this.zone, iso);
  }

  /** The first instant of a day here. */
  dayStart(day: string): string | undefined {
    return startOfDay(this.zone, day);
  }

  /** The last instant of a day here. */
  dayEnd(day: string): string | undefined {
    return endOfDay(this.zone, day);
  }

  /** The instant at which the clocks here show that date and time. */
  instant(local: string): string | undefined {
    return instantIn(this.zone, local);
  }

  bytes(value: number): string {
    const units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let rest = value;
    let index = 0;
    while (rest >= 1024 && index < units.length - 1) {
      rest /= 1024;
      index += 1;
    }
    const digits = index === 0 || rest >= 100 ? 0 : 1;
    const { locale } = this.integers.resolvedOptions();
    const number = new Intl.NumberFormat(locale, { maximumFractionDigits: digits });
    return `${number.format(rest)} ${units[index] ?? ""}`;
  }
}

function written(format: Intl.DateTimeFormat, iso: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : format.format(at);
}

function supported(locale: string): string {
  try {
    return Intl.getCanonicalLocales(locale)[0] ?? "en";
  } catch {
    return "en";
  }
}

function validZone(zone: string): string | undefined {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

function separatorsOf(locale: string): Separators {
  const found = new Intl.NumberFormat(locale, { useGrouping: true }).formatToParts(1_234_567.8);
  const of = (type: string, fallback: string) =>
    found.find((part) => part.type === type)?.value ?? fallback;
  return { group: of("group", ","), point: of("decimal", ".") };
}

function currencyParts(
  locale: string,
  currency: string,
): { before: string; after: string; decimals: number } {
  try {
    const format = new Intl.NumberFormat(locale, {
      style: "currency",
      currency,
      currencyDisplay: "narrowSymbol",
    });
    const all = format.formatToParts(1);
    const first = all.findIndex((part) => part.type === "integer");
    const last = all.findLastIndex((part) => part.type === "integer" || part.type === "fraction");
    const text = (from: number, to: number) =>
      all
        .slice(from, to)
        .map((part) => part.value)
        .join("");
    return {
      before: text(0, first),
      after: text(last + 1, all.length),
      decimals: format.resolvedOptions().maximumFractionDigits ?? 2,
    };
  } catch {
    return { before: "", after: ` ${currency}`, decimals: 2 };
  }
}
