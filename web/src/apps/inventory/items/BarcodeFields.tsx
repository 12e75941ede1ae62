import { ActionIcon, Button, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { t } from "@/i18n";
import { errorOf } from "@/ui/form/useForm";
import type { Form } from "@/ui/form";
import type { BarcodeValue, ItemValues } from "./itemValues";
import classes from "./item.module.css";

const BARCODES_MAX = 20;

export function BarcodeFields({ form }: { readonly form: Form<ItemValues> }) {
  const { barcodes, unit } = form.values;
  const change = (index: number, next: Partial<BarcodeValue>) =>
    form.set(
      "barcodes",
      barcodes.map((one, at) => (at === index ? { ...one, ...next } : one)),
    );
  const remove = (index: number) =>
    form.set(
      "barcodes",
      barcodes.filter((_, at) => at !== index),
    );
  return (
    <fieldset style={{ border: 0, padding: 0, margin: 0, minWidth: 0 }}>
      <legend style={{ padding: 0, fontWeight: 500, marginBottom: 4 }}>
        {t("items.barcodes")} ({t("ui.optional")})
      </legend>
      <div className={classes.barcodes}>
        {barcodes.map((barcode, index) => {
          const path = `barcodes[${index}]`;
          form.labels.set(path, t("items.barcodeNumber", { number: index + 1 }));
          return (
            <div key={index} className={classes.barcodeRow}>
              <TextInput
                id={form.fieldId(path)}
                aria-label={t("items.barcodeNumber", { number: index + 1 })}
                value={barcode.code}
                onChange={(event) => change(index, { code: event.currentTarget.value })}
                error={errorOf(form.errors, path)}
                placeholder={t("items.barcode")}
                maxLength={128}
                autoComplete="off"
              />
              <TextInput
                aria-label={t("items.packOf", { number: index + 1 })}
                title={t("items.packHelp")}
                value={barcode.pack_qty}
                onChange={(event) => change(index, { pack_qty: event.currentTarget.value })}
                placeholder="1"
                inputMode="decimal"
                rightSection={<span className="hf-unit">{unit}</span>}
                rightSectionPointerEvents="none"
              />
              <ActionIcon
                size={34}
                aria-label={`${t("ui.remove")}: ${barcode.code || String(index + 1)}`}
                onClick={() => remove(index)}
              >
                <IconX size={16} aria-hidden />
              </ActionIcon>
            </div>
          );
        })}
        {barcodes.length < BARCODES_MAX && (
          <Button
            variant="subtle"
            size="xs"
            w="fit-content"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => form.set("barcodes", [...barcodes, { code: "", pack_qty: "" }])}
          >
            {t("items.addBarcode")}
          </Button>
        )}
      </div>
    </fieldset>
  );
}
