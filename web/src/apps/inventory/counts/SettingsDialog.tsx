import { useQuery, useQueryClient } from "@tanstack/react-query";
import { newKey } from "@/api/client";
import type { CountSettings } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { readTyped, trimZeros } from "@/i18n/decimal";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Dialog } from "@/ui/Dialog";
import { FormFrame, TextField, useForm } from "@/ui/form";
import { Loaded } from "@/ui/Loaded";
import { toastDone } from "@/ui/toast";
import { PRICES } from "../permissions";
import { changeCountSettings, countSettingsQuery } from "./queries";

/** From which difference on a second person counts. */
export function SettingsDialog({ onClose }: { readonly onClose: () => void }) {
  const workspace = useWorkspace();
  const settings = useQuery(countSettingsQuery(workspace.id));
  return (
    <Dialog onClose={onClose} title={t("counts.settings")} isWork size="md">
      <Loaded query={settings} lines={4}>
        {(kept) => <SettingsForm kept={kept} onClose={onClose} />}
      </Loaded>
    </Dialog>
  );
}

function SettingsForm({
  kept,
  onClose,
}: {
  readonly kept: CountSettings;
  readonly onClose: () => void;
}) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const { separators } = useFormat();
  const seesPrices = workspace.can(PRICES);
  const value = kept.second_count_value;
  const form = useForm({
    initial: {
      percent: kept.second_count_percent ? String(kept.second_count_percent) : "",
      value: value ? trimZeros(value).replace(".", separators.point) : "",
    },
    newKey,
    validate: (values) => ({
      second_count_percent: /^\d{0,4}$/.test(values.percent.trim()) ? null : t("form.notANumber"),
      second_count_value:
        !values.value.trim() || readTyped(values.value, separators) !== null
          ? null
          : t("form.notANumber"),
    }),
    send: async (values) => {
      const percent = values.percent.trim();
      await changeCountSettings(workspace.id, kept.version, {
        second_count_percent: percent ? Number(percent) : null,
        ...(seesPrices ? { second_count_value: readTyped(values.value, separators) } : {}),
      });
      await client.invalidateQueries(countSettingsQuery(workspace.id));
      toastDone(t("counts.settingsDone"));
      onClose();
    },
  });
  return (
    <FormFrame
      form={form}
      label={t("counts.settings")}
      submitLabel={t("counts.save")}
      onCancel={onClose}
      hasHint={false}
    >
      <p className="hf-note">{t("counts.settingsHelp")}</p>
      <TextField
        form={form}
        name="percent"
        path="second_count_percent"
        label={t("counts.percent")}
        required={false}
        inputMode="numeric"
        suffix="%"
        maxLength={4}
      />
      {seesPrices && (
        <TextField
          form={form}
          name="value"
          path="second_count_value"
          label={t("counts.worthFrom")}
          required={false}
          inputMode="decimal"
        />
      )}
    </FormFrame>
  );
}
