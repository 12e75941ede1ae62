import type { Item } from "@/api/types";
import { t } from "@/i18n";
import { Facts } from "@/ui/Facts";
import { Money, Qty, When } from "@/ui/values";
import { Zone } from "../Zone";

/** What is known of an item; prices only when the box sent them. */
export function ItemFacts({ item }: { readonly item: Item }) {
  return (
    <Facts
      facts={[
        { label: t("items.number"), value: <bdi className="hf-mono">{item.item_number}</bdi> },
        item.category ? { label: t("items.category"), value: item.category } : null,
        item.temp_zone ? { label: t("items.zone"), value: <Zone zone={item.temp_zone} /> } : null,
        item.min_qty
          ? { label: t("items.min"), value: <Qty value={item.min_qty} unit={item.unit} /> }
          : null,
        item.max_qty
          ? { label: t("items.max"), value: <Qty value={item.max_qty} unit={item.unit} /> }
          : null,
        item.unit_cost
          ? {
              label: t("items.costPer", { unit: item.unit }),
              value: <Money value={item.unit_cost} />,
            }
          : null,
        item.cost_method === "standard"
          ? { label: t("items.costMethod"), value: t("items.standard") }
          : null,
        item.stock_value
          ? { label: t("items.value"), value: <Money value={item.stock_value} /> }
          : null,
        item.barcodes.length > 0
          ? { label: t("items.barcodes"), value: <Barcodes item={item} /> }
          : null,
        item.notes
          ? {
              label: t("items.notes"),
              value: <span style={{ whiteSpace: "pre-wrap" }}>{item.notes}</span>,
            }
          : null,
        { label: t("items.updated"), value: <When at={item.updated_at} /> },
      ]}
    />
  );
}

function Barcodes({ item }: { readonly item: Item }) {
  return (
    <span style={{ display: "grid" }}>
      {item.barcodes.map((barcode) => (
        <span key={barcode.code}>
          <span className="hf-mono">{barcode.code}</span>
          {!/^1(\.0+)?$/.test(barcode.pack_qty) && (
            <span className="hf-dim">
              {" "}
              × <Qty value={barcode.pack_qty} unit={item.unit} />
            </span>
          )}
        </span>
      ))}
    </span>
  );
}
