import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { newKey } from "@/api/client";
import type { Item, Location, Movement } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { absolute } from "@/i18n/decimal";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { toastDone, toastFailed } from "@/ui/toast";
import { recordMovement, reverseMovement, transferStock, type MovementType } from "./queries";

export interface Draft {
  readonly type: MovementType;
  readonly item: Item;
  readonly location: Location;
  readonly to: Location | null;
  readonly qty: string;
  readonly unit_cost?: string | undefined;
  readonly note?: string | undefined;
  readonly reference?: string | undefined;
  readonly effective_at?: string | undefined;
  readonly override_reason?: string | undefined;
}

/** Posts a movement or a transfer, says so with a way back, and refreshes what it touched. */
export function usePostMovement() {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const format = useFormat();

  const refresh = useCallback(
    () => client.invalidateQueries({ queryKey: ["inventory", workspace.id] }),
    [client, workspace.id],
  );
  const undo = useCallback(
    (movement: Movement) => {
      reverseMovement(workspace.id, movement.id, {}, newKey())
        .then(() => {
          toastDone(t("movements.undone"));
          return refresh();
        })
        .catch(toastFailed);
    },
    [workspace.id, refresh],
  );
  return useCallback(
    async (draft: Draft, key: string) => {
      const { movement, warnings } = await send(workspace.id, draft, key);
      void refresh();
      const amount = `${format.qty(absolute(draft.qty))} ${draft.item.unit}`;
      const said = t(`movements.done.${draft.type}`, {
        amount,
        item: draft.item.name,
        place: draft.location.name,
        to: draft.to?.name ?? "",
      });
      const text = warnings.includes("wrong-zone") ? `${said} ${t("movements.wrongZone")}` : said;
      toastDone(text, movement ? () => undo(movement) : undefined);
    },
    [workspace.id, format, refresh, undo],
  );
}

async function send(
  workspace: string,
  draft: Draft,
  key: string,
): Promise<{ movement: Movement | undefined; warnings: readonly string[] }> {
  const common = {
    item_id: draft.item.id,
    qty: draft.qty,
    ...(draft.note ? { note: draft.note } : {}),
    ...(draft.reference ? { reference: draft.reference } : {}),
    ...(draft.override_reason ? { override_reason: draft.override_reason } : {}),
  };
  if (draft.type === "transfer") {
    const answer = await transferStock(
      workspace,
      { ...common, from_location_id: draft.location.id, to_location_id: draft.to?.id ?? "" },
      key,
    );
    return { movement: answer.movements[0], warnings: answer.warnings ?? [] };
  }
  const movement = await recordMovement(
    workspace,
    {
      ...common,
      type: draft.type,
      location_id: draft.location.id,
      ...(draft.unit_cost && draft.type === "receive" ? { unit_cost: draft.unit_cost } : {}),
      ...(draft.effective_at ? { effective_at: draft.effective_at } : {}),
    },
    key,
  );
  return { movement, warnings: movement.warnings ?? [] };
}
