import { Button, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { newKey } from "@/api/client";
import type { Location, Order, OrderLine } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { readTyped, signOf, trimZeros, type Separators } from "@/i18n/decimal";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Dialog } from "@/ui/Dialog";
import { FormFrame, TextField, useForm, type Form } from "@/ui/form";
import { toastDone } from "@/ui/toast";
import { LocationPicker } from "../locations/LocationPicker";
import { locationsQuery } from "../locations/queries";
import { orderQuery, receiveOrder } from "./queries";
import classes from "./orders.module.css";

interface Values {
  readonly place: Location | null;
  readonly delivery_reference: string;
  /** What came, by the order's line. A change drops what the box said of all of them. */
  readonly lines: Readonly<Record<string, string>>;
  /** Another price than the order's for one unit, by the order's line. */
  readonly prices: Readonly<Record<string, string>>;
  /** Another place than the one for all, by the order's line. */
  readonly places: Readonly<Record<string, Location>>;
}

/** What came of an order, and where it was put. */
export function ReceiveDialog({
  order,
  onClose,
}: {
  readonly order: Order;
  readonly onClose: () => void;
}) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const { separators } = useFormat();
  const open = order.lines.filter((line) => signOf(line.remaining_qty) > 0);
  // Sent again after a lost answer it is the same delivery; other words are another one.
  const form = useForm<Values>({
    initial: { place: null, delivery_reference: "", lines: {}, prices: {}, places: {} },
    newKey,
    validate: (values) => validate(values, open, (text) => readTyped(text, separators)),
    send: async (values, key) => {
      const lines = writtenOf(values, open).map((line) => ({
        line_id: line.id,
        qty: readTyped(values.lines[line.id] ?? "", separators) ?? "",
        location_id: (values.places[line.id] ?? values.place)?.id ?? "",
        ...priceOf(values.prices[line.id] ?? "", separators),
      }));
      const receipt = await receiveOrder(workspace.id, order.id, {
        client_op: key,
        delivery_reference: values.delivery_reference.trim(),
        lines,
      });
      if (receipt.order) {
        client.setQueryData(orderQuery(workspace.id, order.id).queryKey, receipt.order);
      }
      onClose();
      await client.invalidateQueries({ queryKey: ["inventory", workspace.id] });
      const isWhole = receipt.order?.receipt_state === "complete";
      const number = order.po_number;
      toastDone(t(isWhole ? "orders.receivedDone" : "orders.receivedPart", { number }));
      if (receipt.warnings.includes("wrong-zone")) toastDone(t("orders.wrongZone"));
    },
  });
  return (
    <Dialog onClose={onClose} title={t("orders.receiveTitle", { number: order.po_number })} isWork>
      <FormFrame
        form={form}
        label={t("orders.receive")}
        submitLabel={t("orders.receiveSend")}
        onCancel={onClose}
      >
        <LocationPicker
          id={form.fieldId("place")}
          label={t("orders.receivePlace")}
          location={form.values.place}
          onPick={(place) => form.set("place", place)}
          error={form.errors["place"]}
        />
        <CameFields form={form} open={open} />
        <TextField
          form={form}
          name="delivery_reference"
          label={t("orders.receiveNote")}
          required={false}
          maxLength={200}
        />
      </FormFrame>
    </Dialog>
  );
}

function CameFields({
  form,
  open,
}: {
  readonly form: Form<Values>;
  readonly open: readonly OrderLine[];
}) {
  const { separators } = useFormat();
  const { lines: came } = form.values;
  const written = writtenOf(form.values, open);
  form.labels.set("place", t("orders.receivePlace"));
  form.labels.set("lines", t("orders.receive"));
  return (
    <fieldset className={classes.lines}>
      <legend className={classes.legend}>{t("orders.lines", { count: open.length })}</legend>
      <div className={classes.came}>
        <Button
          variant="default"
          size="xs"
          onClick={() =>
            form.set(
              "lines",
              Object.fromEntries(
                open.map((line) => [line.id, typedOf(line.remaining_qty, separators)]),
              ),
            )
          }
        >
          {t("orders.receiveRest")}
        </Button>
        {Object.keys(came).length > 0 && (
          <Button variant="subtle" size="xs" onClick={() => form.set("lines", {})}>
            {t("orders.receiveNothing")}
          </Button>
        )}
      </div>
      {form.errors["lines"] && (
        <p role="alert" className={classes.fault} id={form.fieldId("lines")}>
          {form.errors["lines"]}
        </p>
      )}
      {open.map((line) => (
        <CameRow
          key={line.id}
          form={form}
          line={line}
          path={`lines[${Math.max(0, written.indexOf(line))}]`}
          isWritten={written.includes(line)}
        />
      ))}
    </fieldset>
  );
}

interface RowProps {
  readonly form: Form<Values>;
  readonly line: OrderLine;
  readonly path: string;
  readonly isWritten: boolean;
}

function CameRow({ form, line, path, isWritten }: RowProps) {
  const workspace = useWorkspace();
  const format = useFormat();
  const locations = useQuery(locationsQuery(workspace.id));
  const { lines: came, prices, places } = form.values;
  const [isElsewhere, setElsewhere] = useState(false);
  const label = t("orders.receiveCame", { name: line.item_name });
  const left = `${format.qty(line.remaining_qty)} ${line.unit}`;
  const priceLabel = t("orders.receivePrice", { name: line.item_name, unit: line.unit });
  if (isWritten) {
    form.labels.set(`${path}.qty`, label);
    form.labels.set(`${path}.unit_price`, priceLabel);
  }
  const fault = (name: string) => (isWritten ? form.errors[`${path}.${name}`] : undefined);
  return (
    <div className={classes.cameRow}>
      <span className={classes.cameName}>
        <bdi>{line.item_name}</bdi>
        <span className="hf-dim">{t("orders.receiveLeft", { qty: left })}</span>
      </span>
      <TextInput
        id={form.fieldId(`${path}.qty`)}
        aria-label={label}
        value={came[line.id] ?? ""}
        onChange={(event) => form.set("lines", { ...came, [line.id]: event.currentTarget.value })}
        error={fault("qty")}
        inputMode="decimal"
        autoComplete="off"
        rightSection={<span className="hf-unit">{line.unit}</span>}
        rightSectionPointerEvents="none"
      />
      <TextInput
        id={form.fieldId(`${path}.unit_price`)}
        aria-label={priceLabel}
        value={prices[line.id] ?? typedOf(line.unit_price, format.separators)}
        onChange={(event) => {
          form.set("prices", { ...prices, [line.id]: event.currentTarget.value });
          // What was wrong with a line is said at its path, whichever of its fields it was.
          form.set("lines", came);
        }}
        error={fault("unit_price")}
        inputMode="decimal"
        autoComplete="off"
        rightSection={<span className="hf-unit">/ {line.unit}</span>}
        rightSectionPointerEvents="none"
      />
      {isElsewhere ? (
        <LocationPicker
          label={t("orders.receiveOther", { name: line.item_name })}
          location={places[line.id] ?? null}
          onPick={(place) => {
            const { [line.id]: _, ...rest } = places;
            form.set("places", place ? { ...rest, [line.id]: place } : rest);
          }}
          error={fault("location_id")}
        />
      ) : (
        <Button
          variant="subtle"
          size="xs"
          disabled={!locations.data}
          aria-label={t("orders.receiveOther", { name: line.item_name })}
          onClick={() => setElsewhere(true)}
        >
          {t("orders.receiveElsewhere")}
        </Button>
      )}
    </div>
  );
}

/** As somebody would type it. */
function typedOf(amount: string, separators: Separators): string {
  return trimZeros(amount).replace(".", separators.point);
}

/** The price as it is sent: none where it is the order's. */
function priceOf(typed: string, separators: Separators): { readonly unit_price?: string } {
  const unit_price = readTyped(typed, separators);
  return unit_price === null ? {} : { unit_price };
}

function writtenOf(values: Values, open: readonly OrderLine[]): readonly OrderLine[] {
  return open.filter((line) => (values.lines[line.id] ?? "").trim());
}

function validate(
  values: Values,
  open: readonly OrderLine[],
  read: (text: string) => string | null,
): Record<string, string | null> {
  const written = writtenOf(values, open);
  const found: Record<string, string | null> = {
    lines: written.length > 0 ? null : t("orders.receiveEmpty"),
    place:
      values.place || (written.length > 0 && written.every((line) => values.places[line.id]))
        ? null
        : t("form.needed"),
  };
  written.forEach((line, index) => {
    const qty = read(values.lines[line.id] ?? "");
    found[`lines[${index}].qty`] =
      qty === null ? t("form.notANumber") : signOf(qty) > 0 ? null : t("movements.aboveZero");
    const price = values.prices[line.id]?.trim();
    found[`lines[${index}].unit_price`] =
      !price || read(price) !== null ? null : t("form.notANumber");
  });
  return found;
}
