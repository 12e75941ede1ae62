import type { CountLine } from "@/api/types";

/** Digits of a quantity at most: eleven before the point and three behind it. */
const TYPED_MAX = 15;

/** What stands in the field after a key of the pad. */
export function pressed(typed: string, key: string, point: string): string {
  if (key === "back") return typed.slice(0, -1);
  if (typed.length >= TYPED_MAX) return typed;
  if (key === point) return typed.includes(point) ? typed : `${typed || "0"}${point}`;
  const isLeadingZero = typed === "0" && key !== point;
  return isLeadingZero ? key : typed + key;
}

export interface PlaceToCount {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly left: number;
  readonly done: number;
}

/** Whether a line still waits for somebody. */
export function isLeft(line: CountLine): boolean {
  return line.state === "uncounted" || line.state === "recount";
}

/** Whether a manager has decided the line, so that nothing is entered for it any more. */
export function isSettled(line: CountLine): boolean {
  return line.state === "approved" || line.state === "rejected";
}

/** The places that lines lie at, in the order of their codes. */
export function placesOf(lines: readonly CountLine[]): readonly PlaceToCount[] {
  const places = new Map<string, PlaceToCount>();
  for (const line of lines) {
    const { location_id: id, location_code: code, location_name: name } = line;
    const known = places.get(id) ?? { id, code, name, left: 0, done: 0 };
    const next = isLeft(line)
      ? { ...known, left: known.left + 1 }
      : { ...known, done: known.done + 1 };
    places.set(id, next);
  }
  return [...places.values()];
}

/** The line that comes after one: the next that is left, from the top again at the end. */
export function nextLine(lines: readonly CountLine[], after: string | null): CountLine | null {
  const at = lines.findIndex((line) => line.id === after);
  const ordered = [...lines.slice(at + 1), ...lines.slice(0, at + 1)];
  return ordered.find((line) => isLeft(line) && line.id !== after) ?? null;
}

/** The lines where one that was left was counted just now, before the box says what it came to. */
export function withCounted(
  lines: readonly CountLine[],
  { item_id, location_id }: Pick<CountLine, "item_id" | "location_id">,
): readonly CountLine[] {
  const isIt = (line: CountLine) => line.item_id === item_id && line.location_id === location_id;
  return lines.map((line) => (isIt(line) && isLeft(line) ? { ...line, state: "counted" } : line));
}

/** The lines with one of them as it is now, which may be new: then it stands last. */
export function withLine(lines: readonly CountLine[], now: CountLine): readonly CountLine[] {
  if (!lines.some((line) => line.id === now.id)) return [...lines, now];
  return lines.map((line) => (line.id === now.id ? now : line));
}

/** What somebody means who types a number or a part of a name. */
export function found(lines: readonly CountLine[], typed: string): readonly CountLine[] {
  const wanted = typed.trim().toLowerCase();
  if (!wanted) return lines;
  const exact = lines.filter((line) => line.item_number.toLowerCase() === wanted);
  if (exact.length > 0) return exact;
  return lines.filter((line) =>
    `${line.item_number} ${line.item_name}`.toLowerCase().includes(wanted),
  );
}
