import type { Item, ItemRequest } from "@/api/types";
import { t } from "@/i18n";
import { readTyped, trimZeros, type Separators } from "@/i18n/decimal";
import { asZone } from "../Zone";

export interface BarcodeValue {
  readonly code: string;
  readonly pack_qty: string;
}

export interface ItemValues {
  readonly item_number: string;
  readonly name: string;
  readonly unit: string;
  readonly qty_step: string | null;
  readonly category: string;
  readonly min_qty: string;
  readonly max_qty: string;
  readonly unit_cost: string;
  readonly cost_method: string | null;
  readonly temp_zone: string | null;
  readonly notes: string;
  readonly barcodes: readonly BarcodeValue[];
}

export const EMPTY: ItemValues = {
  item_number: "",
  name: "",
  unit: "",
  qty_step: "0.001",
  category: "",
  min_qty: "",
  max_qty: "",
  unit_cost: "",
  cost_method: "average",
  temp_zone: null,
  notes: "",
  barcodes: [],
};

/** Amounts as a person would type them here. */
export function valuesOf(item: Item, separators: Separators): ItemValues {
  const amount = (value: string | null | undefined) =>
    value ? trimZeros(value).replace(".", separators.point) : "";
  return {
    item_number: item.item_number,
    name: item.name,
    unit: item.unit,
    qty_step: trimZeros(item.qty_step),
    category: item.category ?? "",
    min_qty: amount(item.min_qty),
    max_qty: amount(item.max_qty),
    unit_cost: amount(item.unit_cost),
    cost_method: item.cost_method ?? "average",
    temp_zone: item.temp_zone ?? null,
    notes: item.notes,
    barcodes: item.barcodes.map((one) => ({ code: one.code, pack_qty: amount(one.pack_qty) })),
  };
}

export function validateItem(
  values: ItemValues,
  separators: Separators,
): Record<string, string | null> {
  const needed = (text: string) => (text.trim() ? null : t("form.needed"));
  const amount = (text: string) =>
    !text.trim() || readTyped(text, separators) !== null ? null : t("form.notANumber");
  return {
    item_number: needed(values.item_number),
    name: needed(values.name),
    unit: needed(values.unit),
    min_qty: amount(values.min_qty),
    max_qty: amount(values.max_qty),
    unit_cost: amount(values.unit_cost) ?? standardMissing(values),
    ...Object.fromEntries(
      values.barcodes.map((one, index) => [`barcodes[${index}]`, amount(one.pack_qty)]),
    ),
  };
}

/** Stock at standard cost is worth nothing without one. */
function standardMissing(values: ItemValues): string | null {
  return values.cost_method === "standard" && !values.unit_cost.trim() ? t("form.needed") : null;
}

/** The whole item as PUT takes it; a price that may not be seen is left out, which keeps it. */
export function itemBody(
  values: ItemValues,
  separators: Separators,
  seesPrices: boolean,
): ItemRequest {
  const amount = (text: string) => (text.trim() ? readTyped(text, separators) : null);
  return {
    item_number: values.item_number.trim(),
    name: values.name.trim(),
    unit: values.unit.trim(),
    ...(values.qty_step ? { qty_step: values.qty_step } : {}),
    category: values.category.trim() || null,
    min_qty: amount(values.min_qty),
    max_qty: amount(values.max_qty),
    ...(seesPrices
      ? { unit_cost: amount(values.unit_cost), cost_method: values.cost_method ?? "average" }
      : {}),
    temp_zone: asZone(values.temp_zone),
    notes: values.notes,
    barcodes: values.barcodes
      .filter((one) => one.code.trim())
      .map((one) => ({
        code: one.code.trim(),
        ...(one.pack_qty.trim() ? { pack_qty: amount(one.pack_qty) } : {}),
      })),
  };
}
