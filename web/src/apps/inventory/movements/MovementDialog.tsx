import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { newKey } from "@/api/client";
import type { Item, Location } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { readTyped, signOf, trimZeros } from "@/i18n/decimal";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Confirm } from "@/ui/Confirm";
import { Dialog } from "@/ui/Dialog";
import { AreaField, FieldRow, FormFrame, TextField, useForm } from "@/ui/form";
import { Qty } from "@/ui/values";
import { ItemPicker } from "../items/ItemPicker";
import { LocationPicker } from "../locations/LocationPicker";
import { PRICES } from "../permissions";
import { onHandQuery } from "../stock/queries";
import { isStockShort, StockShort } from "./StockShort";
import { MOVEMENT_TYPES, type MovementType } from "./queries";
import { usePostMovement } from "./usePostMovement";

interface Props {
  readonly type: MovementType;
  readonly item?: Item | null;
  readonly location?: Location | null;
  readonly onClose: () => void;
}

interface Values {
  readonly type: MovementType;
  readonly item: Item | null;
  readonly location: Location | null;
  readonly to: Location | null;
  readonly qty: string;
  readonly unit_cost: string;
  readonly reference: string;
  readonly note: string;
  readonly effective_at: string;
  readonly override_reason: string;
}

/** Receive, use, adjust or transfer, every field by hand. */
export function MovementDialog({ type, item = null, location = null, onClose }: Props) {
  const workspace = useWorkspace();
  const format = useFormat();
  const { separators } = format;
  const post = usePostMovement();
  const [asksToLeave, setAsks] = useState(false);
  const form = useForm<Values>({
    initial: {
      type,
      item,
      location,
      to: null,
      qty: "",
      unit_cost: "",
      reference: "",
      note: "",
      effective_at: "",
      override_reason: "",
    },
    newKey,
    validate: (values) => validate(values, (text) => readTyped(text, separators)),
    send: async (values, key) => {
      const qty = readTyped(values.qty, separators);
      if (!values.item || !values.location || qty === null) return;
      await post(
        {
          type: values.type,
          item: values.item,
          location: values.location,
          to: values.to,
          qty,
          unit_cost: readTyped(values.unit_cost, separators) ?? undefined,
          reference: values.reference.trim(),
          note: values.note.trim(),
          effective_at: values.effective_at ? format.instant(values.effective_at) : undefined,
          override_reason: values.override_reason || undefined,
        },
        key,
      );
      onClose();
    },
  });
  const { values } = form;
  const [overriding, setOverriding] = useState<string | null>(null);
  if (overriding !== null && values.override_reason === overriding) {
    setOverriding(null);
    queueMicrotask(() => void form.submit());
  }
  const unit = values.item?.unit ?? "";
  const close = () => (form.isDirty && values.qty ? setAsks(true) : onClose());

  return (
    <Dialog onClose={close} title={t(`movements.title.${values.type}`)} size="lg">
      <FormFrame
        form={form}
        label={t(`movements.title.${values.type}`)}
        submitLabel={t(`movements.submit.${values.type}`)}
        handles={["stock-short"]}
        onCancel={close}
      >
        <SegmentedControl
          fullWidth
          aria-label={t("movements.type")}
          value={values.type}
          onChange={(next) => form.set("type", next)}
          data={MOVEMENT_TYPES.map((value) => ({ value, label: t(`movements.type.${value}`) }))}
        />
        <Picked form={form} />
        <FieldRow>
          <TextField
            form={form}
            name="qty"
            label={values.type === "adjust" ? t("movements.change") : t("movements.qty")}
            help={values.type === "adjust" ? t("movements.changeHelp") : undefined}
            inputMode={values.type === "adjust" ? "text" : "decimal"}
            suffix={unit}
            autoFocus={item !== null}
          />
          {values.type === "receive" && workspace.can(PRICES) && (
            <TextField
              form={form}
              name="unit_cost"
              label={unit ? t("items.costPer", { unit }) : t("items.cost")}
              required={false}
              inputMode="decimal"
              placeholder={values.item?.unit_cost ? trimZeros(values.item.unit_cost) : ""}
            />
          )}
          <TextField
            form={form}
            name="reference"
            label={t("movements.reference")}
            required={false}
            maxLength={100}
          />
        </FieldRow>
        {isStockShort(form.refusal) && (
          <StockShort
            error={form.refusal}
            unit={unit}
            place={values.location?.name ?? ""}
            isSending={form.isSending}
            onTake={(onHand) => {
              form.set("qty", trimZeros(onHand).replace(".", separators.point));
              form.clearRefusal();
            }}
            onOverride={(reason) => {
              form.set("override_reason", reason);
              setOverriding(reason);
            }}
          />
        )}
        <FieldRow>
          <AreaField form={form} name="note" label={t("movements.note")} required={false} />
          {values.type !== "transfer" && (
            <TextField
              form={form}
              name="effective_at"
              label={t("movements.effective")}
              required={false}
              type="datetime-local"
              help={t("movements.effectiveHelp")}
            />
          )}
        </FieldRow>
      </FormFrame>
      <Confirm
        opened={asksToLeave}
        title={t("form.leaveTitle")}
        confirmLabel={t("form.leave")}
        cancelLabel={t("form.stay")}
        onConfirm={onClose}
        onClose={() => setAsks(false)}
      >
        {t("form.leaveBody")}
      </Confirm>
    </Dialog>
  );
}

function Picked({ form }: { readonly form: ReturnType<typeof useForm<Values>> }) {
  const workspace = useWorkspace();
  const { values, errors } = form;
  const isTransfer = values.type === "transfer";
  const onHand = useQuery(
    onHandQuery(workspace.id, values.item?.id ?? null, values.location?.id ?? null),
  );
  form.labels.set("item_id", t("items.one"));
  form.labels.set("location_id", t("movements.place"));
  form.labels.set("from_location_id", t("movements.from"));
  form.labels.set("to_location_id", t("movements.to"));
  return (
    <>
      <ItemPicker
        id={form.fieldId("item_id")}
        label={t("items.one")}
        item={values.item}
        onPick={(item) => form.set("item", item)}
        error={errors["item_id"]}
        autoFocus={values.item === null}
      />
      <FieldRow>
        <LocationPicker
          id={form.fieldId(isTransfer ? "from_location_id" : "location_id")}
          label={isTransfer ? t("movements.from") : t("movements.place")}
          location={values.location}
          onPick={(location) => form.set("location", location)}
          error={errors["location_id"] ?? errors["from_location_id"]}
        />
        {isTransfer && (
          <LocationPicker
            id={form.fieldId("to_location_id")}
            label={t("movements.to")}
            location={values.to}
            onPick={(to) => form.set("to", to)}
            error={errors["to_location_id"]}
            {...(values.location ? { without: new Set([values.location.id]) } : {})}
          />
        )}
      </FieldRow>
      {values.item && values.location && onHand.data !== undefined && (
        <p className="hf-dim" style={{ margin: "-6px 0 0" }}>
          {t("movements.there")} <Qty value={onHand.data} unit={values.item.unit} />
        </p>
      )}
    </>
  );
}

function validate(
  values: Values,
  read: (text: string) => string | null,
): Record<string, string | null> {
  const qty = read(values.qty);
  const isTransfer = values.type === "transfer";
  const mustBePositive = values.type !== "adjust";
  return {
    item_id: values.item ? null : t("form.needed"),
    location_id: values.location || isTransfer ? null : t("form.needed"),
    from_location_id: values.location || !isTransfer ? null : t("form.needed"),
    to_location_id: !isTransfer || values.to ? null : t("form.needed"),
    qty:
      qty === null
        ? t("form.notANumber")
        : signOf(qty) === 0 || (mustBePositive && signOf(qty) < 0)
          ? t("movements.aboveZero")
          : null,
    unit_cost:
      !values.unit_cost.trim() || read(values.unit_cost) !== null ? null : t("form.notANumber"),
  };
}
