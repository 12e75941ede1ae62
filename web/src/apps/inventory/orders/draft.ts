import type { Item, Order, OrderRequest } from "@/api/types";
import { add, readTyped, scaled, trimZeros, type Separators } from "@/i18n/decimal";

/** The item of a line, as far as the editor shows it. */
export interface LineItem {
  readonly id: string;
  readonly name: string;
  readonly number: string;
  readonly unit: string;
}

/** A line as it is typed. */
export interface LineValue {
  /** Tells lines apart while they are written. */
  readonly key: string;
  readonly item: LineItem | null;
  readonly qty: string;
  readonly price: string;
  readonly note: string;
}

export interface DraftValues {
  readonly po_number: string;
  readonly supplier_id: string | null;
  readonly expected_on: string;
  readonly notes: string;
  readonly lines: readonly LineValue[];
}

export function emptyLine(key: string): LineValue {
  return { key, item: null, qty: "", price: "", note: "" };
}

export function lineItemOf(item: Item): LineItem {
  return { id: item.id, name: item.name, number: item.item_number, unit: item.unit };
}

export function valuesOf(order: Order | null, separators: Separators): DraftValues {
  const typed = (value: string) => trimZeros(value).replace(".", separators.point);
  return {
    po_number: order?.po_number ?? "",
    supplier_id: order?.supplier_id ?? null,
    expected_on: order?.expected_on ?? "",
    notes: order?.notes ?? "",
    lines: (order?.lines ?? []).map((line) => ({
      key: line.id,
      item: {
        id: line.item_id,
        name: line.item_name,
        number: line.item_number,
        unit: line.unit,
      },
      qty: typed(line.req_qty),
      price: typed(line.unit_price),
      note: line.note,
    })),
  };
}

/**
 * The same draft, whose lines have the keys that lines of the same item have in `base`: what was
 * saved again is the same line, although it came under another id.
 */
export function withKeysOf(base: DraftValues, draft: DraftValues): DraftValues {
  const left = [...base.lines];
  const known = (line: LineValue) => {
    const at = left.findIndex((one) => one.item?.id === line.item?.id);
    return at < 0 ? undefined : left.splice(at, 1)[0]?.key;
  };
  return {
    ...draft,
    lines: draft.lines.map((line) => ({ ...line, key: known(line) ?? line.key })),
  };
}

/** A line in words: `20 kg Salmon × 18.4, whole sides`. */
export function lineInWords(line: LineValue): string {
  const amount = [line.qty, line.item?.unit, line.item?.name].filter(Boolean).join(" ");
  return [line.price ? `${amount} × ${line.price}` : amount, line.note].filter(Boolean).join(", ");
}

/** Lines that say something; the last one may still be empty. */
export function writtenLines(lines: readonly LineValue[]): readonly LineValue[] {
  return lines.filter((line) => line.item || line.qty.trim() || line.price.trim());
}

export function bodyOf(values: DraftValues, separators: Separators): OrderRequest {
  const number = values.po_number.trim();
  return {
    ...(number ? { po_number: number } : {}),
    supplier_id: values.supplier_id,
    expected_on: values.expected_on || null,
    notes: values.notes.trim(),
    lines: writtenLines(values.lines).map((line) => {
      const price = readTyped(line.price, separators);
      return {
        item_id: line.item?.id ?? "",
        req_qty: readTyped(line.qty, separators) ?? "",
        ...(price ? { unit_price: price } : {}),
        note: line.note.trim(),
      };
    }),
  };
}

/** Both factors are in millionths; money is kept in ten-thousandths. */
const TEN_THOUSANDTH = 100_000_000n;

/** Quantity × price, both zero or more, rounded once and half up to four decimals. */
export function valueOf(qty: string, price: string): string {
  const product = scaled(qty) * scaled(price);
  const rounded = (product * 2n + TEN_THOUSANDTH) / (TEN_THOUSANDTH * 2n);
  return `${rounded / 10_000n}.${String(rounded % 10_000n).padStart(4, "0")}`;
}

/** What the draft comes to as far as its prices are written; none when one is missing. */
export function totalOf(lines: readonly LineValue[], separators: Separators): string | null {
  let total = "0.0000";
  for (const line of writtenLines(lines)) {
    const qty = readTyped(line.qty, separators);
    const price = readTyped(line.price, separators);
    if (qty === null || price === null) return null;
    total = add(total, valueOf(qty, price), 4);
  }
  return total;
}
