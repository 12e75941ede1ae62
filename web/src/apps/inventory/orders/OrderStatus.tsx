import type { OrderSummary } from "@/api/types";
import { t } from "@/i18n";
import { Tag, type TagTone } from "@/ui/Tag";
import { ORDER_STATUSES, type OrderStatus } from "./queries";

const TONES: Readonly<Record<OrderStatus, TagTone>> = {
  draft: "plain",
  submitted: "info",
  received: "good",
  canceled: "plain",
};

type Shown = Pick<OrderSummary, "status" | "receipt_state" | "short">;

/** How far an order is, and whether something of it is missing. */
export function OrderStatusTags({ order }: { readonly order: Shown }) {
  const status = ORDER_STATUSES.find((one) => one === order.status) ?? "draft";
  const isPartly = order.receipt_state === "partial" && status === "submitted";
  return (
    <span style={{ display: "inline-flex", gap: 6, flexWrap: "wrap" }}>
      <Tag tone={TONES[status]}>{t(`orders.status.${status}`)}</Tag>
      {isPartly && <Tag tone="caution">{t("orders.arrived.partial")}</Tag>}
      {order.short && <Tag tone="caution">{t("orders.short")}</Tag>}
    </span>
  );
}
