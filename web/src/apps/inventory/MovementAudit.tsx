import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { AuditEntry } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { absolute, signOf } from "@/i18n/decimal";
import { changeText } from "@/platform/audit/sentence";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { itemQuery } from "./items/queries";
import { locationsQuery } from "./locations/queries";

/** A movement in the log, with the names its ids stand for. */
export default function MovementAudit({
  entry,
  fallback,
}: {
  readonly entry: AuditEntry;
  readonly fallback: ReactNode;
}) {
  const workspace = useWorkspace();
  const format = useFormat();
  const itemId = changeText(entry, "item_id");
  const item = useQuery({ ...itemQuery(workspace.id, itemId ?? ""), enabled: itemId !== null });
  const places = useQuery(locationsQuery(workspace.id));
  const place = places.data?.find((one) => one.id === changeText(entry, "location_id"));
  const qty = changeText(entry, "qty");
  // Which names the ids stand for is not known yet: a number of its own would be shown instead.
  if (item.isLoading || places.isPending) return <span aria-busy>…</span>;
  if (!item.data || qty === null) return fallback;
  const isReversal = entry.action.endsWith(".reversed");
  const type = changeText(entry, "type") ?? "";
  const isSigned = isReversal || type === "adjust";
  const number = isSigned ? format.signedQty(qty) : format.qty(absolute(qty));
  const words = {
    amount: `${number} ${item.data.unit}`,
    item: item.data.name,
    place: place?.name ?? "…",
  };
  if (isReversal) return t("audited.reversed", words);
  if (type === "receive" || type === "use" || type === "adjust") return t(`audited.${type}`, words);
  return t(signOf(qty) < 0 ? "audited.transferOut" : "audited.transferIn", words);
}
