import { useQuery, useQueryClient } from "@tanstack/react-query";
import { newKey } from "@/api/client";
import type { Count, Item, Location } from "@/api/types";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Dialog } from "@/ui/Dialog";
import { ChoiceField, FormFrame, SwitchField, TextField, useForm } from "@/ui/form";
import { errorOf } from "@/ui/form/useForm";
import { categoriesQuery } from "../items/queries";
import { LocationPicker } from "../locations/LocationPicker";
import { ItemsField } from "./ItemsField";
import { createCount } from "./queries";

interface Values {
  readonly name: string;
  readonly place: Location | null;
  readonly category: string | null;
  readonly items: readonly Item[];
  readonly blind: boolean;
}

/** Says what is to be counted, and opens the count. */
export function NewCountDialog({
  onClose,
  onMade,
}: {
  readonly onClose: () => void;
  readonly onMade: (count: Count) => void;
}) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const categories = useQuery(categoriesQuery(workspace.id));
  const form = useForm<Values>({
    initial: { name: "", place: null, category: null, items: [], blind: false },
    newKey,
    validate: (values) => ({ name: values.name.trim() ? null : t("form.needed") }),
    send: async ({ name, place, category, items, blind }, key) => {
      const scope = {
        ...(place ? { location_id: place.id } : {}),
        ...(category ? { category } : {}),
        ...(items.length > 0 ? { item_ids: items.map((item) => item.id) } : {}),
      };
      const count = await createCount(workspace.id, { name: name.trim(), scope, blind }, key);
      void client.invalidateQueries({ queryKey: ["inventory", workspace.id, "counts"] });
      onMade(count);
    },
  });
  form.labels.set("scope.location_id", t("counts.place"));
  form.labels.set("scope.item_ids", t("counts.onlyItems"));
  return (
    <Dialog onClose={onClose} title={t("counts.new")} isWork size="md">
      <FormFrame
        form={form}
        label={t("counts.new")}
        submitLabel={t("counts.open")}
        onCancel={onClose}
        hasHint={false}
      >
        <TextField
          form={form}
          name="name"
          label={t("counts.name")}
          placeholder={t("counts.namePlaceholder")}
          maxLength={200}
          autoFocus
        />
        <LocationPicker
          id={form.fieldId("scope.location_id")}
          label={t("counts.place")}
          location={form.values.place}
          onPick={(place) => form.set("place", place)}
          error={form.errors["scope.location_id"]}
          placeholder={t("counts.everything")}
        />
        <ChoiceField
          form={form}
          name="category"
          path="scope.category"
          label={t("counts.category")}
          required={false}
          data={(categories.data ?? []).map((one) => one.category)}
          searchable
          clearable
          placeholder={t("counts.everything")}
        />
        <ItemsField
          id={form.fieldId("scope.item_ids")}
          items={form.values.items}
          onChange={(items) => form.set("items", items)}
          error={errorOf(form.errors, "scope.item_ids")}
        />
        <SwitchField
          form={form}
          name="blind"
          label={t("counts.blind")}
          help={t("counts.blindHelp")}
          required={false}
        />
      </FormFrame>
    </Dialog>
  );
}
