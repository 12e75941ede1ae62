import { useQueryClient } from "@tanstack/react-query";
import { newKey } from "@/api/client";
import type { Item, Supplier, SupplierItem } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { readTyped, trimZeros } from "@/i18n/decimal";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Dialog } from "@/ui/Dialog";
import { FieldRow, FormFrame, SwitchField, TextField, useForm } from "@/ui/form";
import { toastDone } from "@/ui/toast";
import { ItemPicker } from "../items/ItemPicker";
import { setSupplierItem } from "./queries";

interface Values {
  readonly item: Item | null;
  readonly sku: string;
  readonly pack_qty: string;
  readonly last_price: string;
  readonly preferred: boolean;
}

/** What a supplier calls, packs and asks for an item. */
export function SupplierItemDialog({
  supplier,
  row,
  onClose,
}: {
  readonly supplier: Supplier;
  readonly row: SupplierItem | null;
  readonly onClose: () => void;
}) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const { separators } = useFormat();
  const typed = (value: string | null | undefined) =>
    value ? trimZeros(value).replace(".", separators.point) : "";
  const isAmount = (text: string) => !text.trim() || readTyped(text, separators) !== null;
  const form = useForm<Values>({
    initial: {
      item: null,
      sku: row?.sku ?? "",
      pack_qty: typed(row?.pack_qty),
      last_price: typed(row?.last_price),
      preferred: row?.preferred ?? false,
    },
    newKey,
    validate: (values) => ({
      item_id: row || values.item ? null : t("form.needed"),
      pack_qty: isAmount(values.pack_qty) ? null : t("form.notANumber"),
      last_price: isAmount(values.last_price) ? null : t("form.notANumber"),
    }),
    send: async (values) => {
      const item = row?.item_id ?? values.item?.id;
      if (!item) return;
      const pack = readTyped(values.pack_qty, separators);
      const price = readTyped(values.last_price, separators);
      await setSupplierItem(workspace.id, supplier, item, {
        sku: values.sku.trim(),
        ...(pack ? { pack_qty: pack } : {}),
        ...(price ? { last_price: price } : {}),
        preferred: values.preferred,
      });
      onClose();
      await client.invalidateQueries({ queryKey: ["inventory", workspace.id] });
      toastDone(t("suppliers.saved", { name: supplier.name }));
    },
  });
  form.labels.set("item_id", t("suppliers.item"));
  const unit = row?.unit ?? form.values.item?.unit ?? "";
  return (
    <Dialog onClose={onClose} title={row ? row.item_name : t("suppliers.addItem")} isWork>
      <FormFrame
        form={form}
        label={t("suppliers.delivers")}
        submitLabel={t("suppliers.saveItem")}
        onCancel={onClose}
        hasHint={false}
      >
        {!row && (
          <ItemPicker
            id={form.fieldId("item_id")}
            label={t("suppliers.item")}
            item={form.values.item}
            onPick={(item) => form.set("item", item)}
            error={form.errors["item_id"]}
            autoFocus
          />
        )}
        <FieldRow>
          <TextField
            form={form}
            name="sku"
            label={t("suppliers.sku")}
            required={false}
            maxLength={64}
          />
          <TextField
            form={form}
            name="pack_qty"
            label={t("suppliers.pack")}
            help={t("suppliers.packHelp")}
            required={false}
            inputMode="decimal"
            placeholder="1"
            suffix={<span className="hf-unit">{unit}</span>}
          />
          <TextField
            form={form}
            name="last_price"
            label={t("suppliers.price")}
            required={false}
            inputMode="decimal"
          />
        </FieldRow>
        <SwitchField
          form={form}
          name="preferred"
          label={t("suppliers.preferred")}
          help={t("suppliers.preferredHelp")}
        />
      </FormFrame>
    </Dialog>
  );
}
