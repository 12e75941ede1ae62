import { useQuery, useQueryClient } from "@tanstack/react-query";
import { newKey } from "@/api/client";
import type { OrderSettings } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { readTyped, trimZeros } from "@/i18n/decimal";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Dialog } from "@/ui/Dialog";
import { FormFrame, TextField, useForm } from "@/ui/form";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { toastDone } from "@/ui/toast";
import { orderSettingsQuery, updateOrderSettings } from "./queries";

/** How much more than ordered may come. */
export function Tolerance({ onClose }: { readonly onClose: () => void }) {
  const workspace = useWorkspace();
  const settings = useQuery(orderSettingsQuery(workspace.id));
  if (!settings.data && !settings.error) return null;
  return settings.data ? (
    <ToleranceDialog settings={settings.data} onClose={onClose} />
  ) : (
    <Dialog onClose={onClose} title={t("orders.toleranceTitle")}>
      <ProblemAlert error={settings.error} onRetry={() => void settings.refetch()} />
    </Dialog>
  );
}

function ToleranceDialog({
  settings,
  onClose,
}: {
  readonly settings: OrderSettings;
  readonly onClose: () => void;
}) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const { separators } = useFormat();
  const form = useForm({
    initial: { over_receipt: trimZeros(settings.over_receipt).replace(".", separators.point) },
    newKey,
    validate: (values) => ({
      over_receipt:
        readTyped(values.over_receipt, separators) === null ? t("form.notANumber") : null,
    }),
    send: async (values) => {
      const percent = readTyped(values.over_receipt, separators) ?? "";
      await updateOrderSettings(workspace.id, settings, percent);
      onClose();
      await client.invalidateQueries({ queryKey: ["inventory", workspace.id, "orders"] });
      toastDone(t("orders.toleranceSaved"));
    },
  });
  return (
    <Dialog onClose={onClose} title={t("orders.toleranceTitle")}>
      <FormFrame
        form={form}
        label={t("orders.tolerance")}
        submitLabel={t("orders.toleranceSave")}
        onCancel={onClose}
        hasHint={false}
      >
        <TextField
          form={form}
          name="over_receipt"
          label={t("orders.toleranceField")}
          help={t("orders.toleranceHelp")}
          inputMode="decimal"
          suffix="%"
          autoFocus
        />
      </FormFrame>
    </Dialog>
  );
}
