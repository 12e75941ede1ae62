const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;
const LOCAL = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/;
const formats = new Map<string, Intl.DateTimeFormat>();

function partsOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formats.set(zone, format);
  }
  return format;
}

/** How far the clocks of a zone are ahead of UTC at that instant. */
function offsetMs(zone: string, atMs: number): number {
  const found = new Map(
    partsOf(zone)
      .formatToParts(new Date(atMs))
      .map((part) => [part.type, Number(part.value)]),
  );
  const of = (type: Intl.DateTimeFormatPartTypes) => found.get(type) ?? 0;
  const shown = Date.UTC(
    of("year"),
    of("month") - 1,
    of("day"),
    of("hour"),
    of("minute"),
    of("second"),
  );
  return shown - Math.floor(atMs / 1000) * 1000;
}

/** The day an instant falls on where the clocks show that zone, as `2026-03-31`. */
export function dayIn(zone: string, iso: string): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return "";
  return new Date(at + offsetMs(zone, at)).toISOString().slice(0, 10);
}

/** The first instant of a day there; undefined for what is not a day. */
export function startOfDay(zone: string, day: string): string | undefined {
  const start = startMs(zone, day, 0);
  return start === null ? undefined : new Date(start).toISOString();
}

/** The last instant of a day there. */
export function endOfDay(zone: string, day: string): string | undefined {
  const next = startMs(zone, day, 1);
  return next === null ? undefined : new Date(next - 1).toISOString();
}

/** The instant at which clocks there show that date and time (`2026-03-31T14:05`). */
export function instantIn(zone: string, local: string): string | undefined {
  const shown = LOCAL.test(local) ? Date.parse(`${local}Z`) : Number.NaN;
  return Number.isNaN(shown) ? undefined : new Date(instantMs(zone, shown)).toISOString();
}

function startMs(zone: string, day: string, later: number): number | null {
  const match = DAY.exec(day);
  if (!match) return null;
  const midnight = Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]) + later);
  return Number.isNaN(midnight) ? null : instantMs(zone, midnight);
}

function instantMs(zone: string, shownMs: number): number {
  // The offset is asked for twice: the first answer may be from the other side of a change.
  const near = shownMs - offsetMs(zone, shownMs);
  return shownMs - offsetMs(zone, near);
}
