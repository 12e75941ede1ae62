import { useQueryClient } from "@tanstack/react-query";
import { newKey } from "@/api/client";
import type { SavedFilter } from "@/api/types";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Dialog } from "@/ui/Dialog";
import { FormFrame, TextField, useForm } from "@/ui/form";
import { toastDone } from "@/ui/toast";
import type { ItemFilter } from "../queries";
import { requestOf } from "./filters";
import { changeSavedFilter, savedFiltersQuery, saveFilter } from "./queries";

interface Props {
  /** What is saved under a new name; or nothing, and `saved` is called otherwise. */
  readonly filter?: ItemFilter;
  readonly saved?: SavedFilter;
  /** What it shows, in a few words. */
  readonly about: string;
  readonly onClose: () => void;
}

const NAME_CHARS_MAX = 80;

/** Asks what a filter is to be called. */
export function NameDialog({ filter, saved, about, onClose }: Props) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const form = useForm({
    initial: { name: saved?.name ?? "" },
    newKey,
    validate: (values) => ({ name: values.name.trim() ? null : t("form.needed") }),
    send: async ({ name }, key) => {
      try {
        const kept = saved
          ? await changeSavedFilter(workspace.id, saved, requestOf(name.trim(), saved))
          : await saveFilter(workspace.id, requestOf(name.trim(), filter ?? {}), key);
        toastDone(t(saved ? "filters.renamed" : "filters.saved", { name: kept.name }));
      } finally {
        const { queryKey } = savedFiltersQuery(workspace.id);
        await client.invalidateQueries({ queryKey });
      }
      onClose();
    },
  });
  const title = saved ? t("filters.renameTitle", { name: saved.name }) : t("filters.save");
  return (
    <Dialog onClose={onClose} title={title}>
      <FormFrame
        hasHint={false}
        form={form}
        label={title}
        submitLabel={saved ? t("filters.rename") : t("filters.saveNow")}
        onCancel={onClose}
        isBlocked={!form.isDirty}
      >
        <p className="hf-note">
          <bdi>{about}</bdi>
        </p>
        <TextField
          form={form}
          name="name"
          label={t("filters.name")}
          help={t("filters.nameHelp")}
          maxLength={NAME_CHARS_MAX}
          autoFocus
        />
      </FormFrame>
    </Dialog>
  );
}
