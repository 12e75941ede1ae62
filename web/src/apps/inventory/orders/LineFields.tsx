import { ActionIcon, Button, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { newKey } from "@/api/client";
import type { Item } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { readTyped } from "@/i18n/decimal";
import type { Form } from "@/ui/form";
import { Money } from "@/ui/values";
import { ItemPicker } from "../items/ItemPicker";
import {
  emptyLine,
  lineItemOf,
  valueOf,
  writtenLines,
  type DraftValues,
  type LineValue,
} from "./draft";
import classes from "./orders.module.css";

const LINES_MAX = 1_000;

/** The lines of a draft: item, quantity, price. */
export function LineFields({ form }: { readonly form: Form<DraftValues> }) {
  const { lines } = form.values;
  const written = writtenLines(lines);
  form.labels.set("lines", t("orders.lineList"));
  const change = (key: string, next: Partial<LineValue>) =>
    form.set(
      "lines",
      lines.map((line) => (line.key === key ? { ...line, ...next } : line)),
    );
  return (
    <fieldset className={classes.lines}>
      <legend className={classes.legend}>{t("orders.lines", { count: written.length })}</legend>
      {lines.map((line, index) => (
        <LineRow
          key={line.key}
          form={form}
          line={line}
          number={index + 1}
          path={`lines[${Math.max(0, written.indexOf(line))}]`}
          onChange={(next) => change(line.key, next)}
          onRemove={() =>
            form.set(
              "lines",
              lines.filter((one) => one.key !== line.key),
            )
          }
        />
      ))}
      {lines.length < LINES_MAX && (
        <Button
          variant="subtle"
          size="xs"
          w="fit-content"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => form.set("lines", [...lines, emptyLine(newKey())])}
        >
          {t("orders.addLine")}
        </Button>
      )}
    </fieldset>
  );
}

interface RowProps {
  readonly form: Form<DraftValues>;
  readonly line: LineValue;
  readonly number: number;
  readonly path: string;
  readonly onChange: (next: Partial<LineValue>) => void;
  readonly onRemove: () => void;
}

function LineRow({ form, line, number, path, onChange, onRemove }: RowProps) {
  const { separators } = useFormat();
  const label = (name: string) => t("orders.lineOf", { name, line: number });
  const fault = (name: string) => form.errors[`${path}.${name}`];
  const names = [
    ["item_id", t("orders.item")],
    ["req_qty", t("orders.qty")],
    ["unit_price", t("orders.price")],
  ] as const;
  for (const [name, text] of names) form.labels.set(`${path}.${name}`, label(text));
  const qty = readTyped(line.qty, separators);
  const price = readTyped(line.price, separators);
  return (
    <div className={classes.line} role="group" aria-label={label(line.item?.name ?? "")}>
      <div className={classes.lineItem}>
        <ItemPicker
          id={form.fieldId(`${path}.item_id`)}
          label={label(t("orders.item"))}
          item={pickedOf(line)}
          onPick={(item) => onChange({ item: item ? lineItemOf(item) : null })}
          error={fault("item_id")}
        />
      </div>
      <TextInput
        id={form.fieldId(`${path}.req_qty`)}
        label={label(t("orders.qty"))}
        value={line.qty}
        onChange={(event) => onChange({ qty: event.currentTarget.value })}
        error={fault("req_qty")}
        inputMode="decimal"
        autoComplete="off"
        placeholder={t("orders.qty")}
        rightSection={<span className="hf-unit">{line.item?.unit}</span>}
        rightSectionPointerEvents="none"
      />
      <TextInput
        id={form.fieldId(`${path}.unit_price`)}
        label={label(t("orders.price"))}
        value={line.price}
        onChange={(event) => onChange({ price: event.currentTarget.value })}
        error={fault("unit_price")}
        inputMode="decimal"
        autoComplete="off"
        title={t("orders.priceHelp")}
        placeholder={t("orders.price")}
      />
      <span className={classes.lineValue}>
        {qty !== null && price !== null && <Money value={valueOf(qty, price)} />}
      </span>
      <ActionIcon
        size={34}
        aria-label={t("orders.removeLine", { line: number })}
        onClick={onRemove}
        className={classes.lineRemove}
      >
        <IconX size={16} aria-hidden />
      </ActionIcon>
    </div>
  );
}

/** The picker shows a name and compares ids; the rest of an item is not asked for again. */
function pickedOf(line: LineValue): Item | null {
  if (!line.item) return null;
  const { id, name, number, unit } = line.item;
  return {
    id,
    name,
    item_number: number,
    unit,
    version: 0,
    qty_step: "0.001",
    notes: "",
    barcodes: [],
    on_hand: "0.000",
    low: false,
    created_at: "",
    updated_at: "",
  };
}
