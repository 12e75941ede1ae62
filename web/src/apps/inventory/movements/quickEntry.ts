import { readTyped, signOf, type Separators } from "@/i18n/decimal";
import type { MovementType } from "./queries";

/**
 * Reads one line such as `receive 12.5 kg salmon @cooler-2 PO-1042`. It only splits and names the
 * parts; which item and which place are meant is found by looking them up.
 */
export interface QuickEntry {
  readonly type: MovementType | null;
  /** A decimal the box takes, or null while there is none. */
  readonly qty: string | null;
  /** What stood where the quantity belongs, when it could not be read. */
  readonly badQty: string | null;
  readonly unit: string | null;
  readonly item: string;
  readonly place: string | null;
  readonly toPlace: string | null;
  readonly reference: string | null;
  readonly note: string | null;
  readonly unitCost: string | null;
}

const WORDS: Readonly<Record<string, MovementType>> = {
  receive: "receive",
  received: "receive",
  rec: "receive",
  in: "receive",
  "+": "receive",
  use: "use",
  used: "use",
  out: "use",
  "-": "use",
  adjust: "adjust",
  adj: "adjust",
  correct: "adjust",
  "=": "adjust",
  transfer: "transfer",
  tr: "transfer",
  move: "transfer",
  ">": "transfer",
};

const UNITS = new Set([
  "kg",
  "g",
  "mg",
  "t",
  "lb",
  "lbs",
  "oz",
  "l",
  "ml",
  "cl",
  "dl",
  "gal",
  "ea",
  "pc",
  "pcs",
  "piece",
  "pieces",
  "case",
  "cases",
  "box",
  "boxes",
  "bag",
  "bags",
  "btl",
  "bottle",
  "bottles",
  "can",
  "cans",
  "pack",
  "packs",
  "crate",
  "crates",
  "tray",
  "trays",
  "roll",
  "rolls",
  "m",
  "cm",
  "pair",
  "pairs",
  "dozen",
  "keg",
  "kegs",
  "jar",
  "jars",
  "sack",
  "sacks",
  "bunch",
  "tin",
  "tins",
]);

const LOOKS_NUMERIC = /^[+\-−]?[\d.,]*\d[\d.,]*([a-zA-Zµ]{0,8})$/;
const REFERENCE = /^(?=.*\d)[A-Z]{1,8}[-/]?[A-Z0-9][A-Z0-9\-/]*$/;
const TEXT_LENGTH_MAX = 400;

export function parseQuickEntry(
  text: string,
  separators: Separators,
  units: ReadonlySet<string> = UNITS,
): QuickEntry {
  const { rest, note } = takeNote(text.slice(0, TEXT_LENGTH_MAX));
  const words = tokens(rest);
  let type: MovementType | null = null;
  let qty: string | null = null;
  let badQty: string | null = null;
  let unit: string | null = null;
  let reference: string | null = null;
  let unitCost: string | null = null;
  const places: string[] = [];
  const item: string[] = [];

  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    const next = words[index + 1];
    const lower = word.toLowerCase();
    if (index === 0 && WORDS[lower]) {
      type = WORDS[lower];
      continue;
    }
    if (word.startsWith("@")) {
      const code = word.slice(1) || (next && !next.startsWith("@") ? next : "");
      if (!word.slice(1) && code) index += 1;
      if (code) places.push(code);
      continue;
    }
    if ((word === ">" || lower === "to" || word === "→") && places.length > 0) {
      if (next && !next.startsWith("@")) {
        places.push(next);
        index += 1;
      }
      continue;
    }
    if (lower === "at" && next && qty !== null && readTyped(next, separators) !== null) {
      unitCost = readTyped(next, separators);
      index += 1;
      continue;
    }
    if (word.startsWith("#") && word.length > 1) {
      reference = word.slice(1);
      continue;
    }
    if (qty === null && badQty === null && LOOKS_NUMERIC.test(word)) {
      const attached = LOOKS_NUMERIC.exec(word)?.[1] ?? "";
      const digits = word.slice(0, word.length - attached.length);
      // `7up` is a name, `7kg` a quantity: letters count as a unit only when they are one.
      if (!attached || units.has(attached.toLowerCase())) {
        qty = readTyped(digits, separators);
        if (qty === null) badQty = word;
        if (attached) unit = attached;
        else if (next && units.has(next.toLowerCase())) {
          unit = next;
          index += 1;
        }
        continue;
      }
    }
    if (reference === null && REFERENCE.test(word) && (item.length > 0 || places.length > 0)) {
      reference = word;
      continue;
    }
    item.push(word);
  }

  return {
    type: type ?? impliedType(qty, places.length),
    qty: type === "adjust" || qty === null || signOf(qty) >= 0 ? qty : qty.replace(/^-/, ""),
    badQty,
    unit,
    item: item.join(" "),
    place: places[0] ?? null,
    toPlace: places[1] ?? null,
    reference,
    note,
    unitCost,
  };
}

/** Two places can only be a transfer; a sign says the direction. */
function impliedType(qty: string | null, places: number): MovementType | null {
  if (places > 1) return "transfer";
  if (qty !== null && signOf(qty) < 0) return "use";
  return null;
}

/** A remark stands after `//` or between quotes. */
function takeNote(text: string): { rest: string; note: string | null } {
  const slashes = text.indexOf(" //");
  if (slashes >= 0)
    return { rest: text.slice(0, slashes), note: text.slice(slashes + 3).trim() || null };
  const quoted = /["“]([^"”]*)["”]?/.exec(text);
  if (!quoted) return { rest: text, note: null };
  return { rest: text.replace(quoted[0], " "), note: quoted[1]?.trim() || null };
}

/** Words, with `@a>b` and `@a>@b` taken apart. */
function tokens(text: string): string[] {
  return text
    .replace(/(@[^\s>→]+)\s*[>→]\s*@?([^\s>→]+)/g, "$1 @$2")
    .trim()
    .split(/\s+/)
    .filter(Boolean);
}
