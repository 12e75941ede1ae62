import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { newKey } from "@/api/client";
import { t } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { FormFrame, SwitchField, TextField, useForm } from "@/ui/form";
import { toastDone } from "@/ui/toast";
import { guessPlace, PlaceFields, type WorkspaceValues } from "./PlaceFields";
import { createWorkspace, refreshWorkspaces } from "./queries";

export const NAME_MAX = 80;

/** A workspace for one more business, made in a minute; one lands in it. */
export function CreateWorkspaceDialog({ onClose }: { readonly onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const form = useForm<WorkspaceValues>({
    initial: { name: "", apps: [], load_sample_data: false, ...guessPlace() },
    newKey,
    validate: (values) => ({ name: values.name.trim() ? null : t("form.needed") }),
    send: async ({ name, week_start, apps: _apps, ...place }, key) => {
      const made = await createWorkspace(
        {
          name: name.trim(),
          ...place,
          week_start: Number(week_start),
        },
        key,
      );
      await refreshWorkspaces(client);
      toastDone(t("workspaces.made", { name: made.name }));
      onClose();
      await navigate({ to: "/w/$workspace", params: { workspace: made.id } });
    },
  });
  return (
    <Dialog onClose={onClose} isWork title={t("workspaces.new")}>
      <FormFrame
        form={form}
        label={t("workspaces.new")}
        submitLabel={t("workspaces.create")}
        onCancel={onClose}
      >
        <TextField
          form={form}
          name="name"
          label={t("workspace.name")}
          help={t("workspace.nameHelp")}
          autoFocus
          maxLength={NAME_MAX}
        />
        <PlaceFields form={form} />
        <SwitchField
          form={form}
          name="load_sample_data"
          label={t("workspaces.sample")}
          help={t("workspaces.sampleHelp")}
        />
      </FormFrame>
    </Dialog>
  );
}
