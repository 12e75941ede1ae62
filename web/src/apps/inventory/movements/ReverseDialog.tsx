import { useQueryClient } from "@tanstack/react-query";
import { newKey } from "@/api/client";
import type { Movement } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { negate } from "@/i18n/decimal";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Dialog } from "@/ui/Dialog";
import { FormFrame, TextField, useForm } from "@/ui/form";
import { toastDone } from "@/ui/toast";
import { OVERRIDE } from "../permissions";
import { reverseMovement } from "./queries";

interface Props {
  readonly movement: Movement;
  readonly onClose: () => void;
  readonly onDone: () => void;
}

/** A movement is never edited: its opposite is posted, and both stay. */
export function ReverseDialog({ movement, onClose, onDone }: Props) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const format = useFormat();
  const form = useForm({
    initial: { note: "", override_reason: "" },
    newKey,
    send: async (values, key) => {
      const note = values.note.trim();
      const reason = values.override_reason.trim();
      await reverseMovement(
        workspace.id,
        movement.id,
        { ...(note ? { note } : {}), ...(reason ? { override_reason: reason } : {}) },
        key,
      );
      void client.invalidateQueries({ queryKey: ["inventory", workspace.id] });
      toastDone(t("movements.undone"));
      onDone();
    },
  });
  const effect = {
    amount: movement.qty
      ? `${format.signedQty(negate(movement.qty))} ${movement.unit}`
      : t("ui.hidden"),
    item: movement.item_name,
    place: movement.location_name,
  };
  return (
    <Dialog onClose={onClose} title={t("movements.reverseTitle")}>
      <FormFrame
        hasHint={false}
        form={form}
        label={t("movements.reverseTitle")}
        submitLabel={t("movements.reverse")}
        onCancel={onClose}
      >
        <p style={{ margin: 0 }}>
          {t(movement.transfer_id ? "movements.reverseTransfer" : "movements.reverseBody", effect)}
        </p>
        <TextField form={form} name="note" label={t("movements.note")} required={false} autoFocus />
        {form.refusal?.code === "stock-short" && workspace.can(OVERRIDE) && (
          <TextField form={form} name="override_reason" label={t("short.reason")} />
        )}
      </FormFrame>
    </Dialog>
  );
}
