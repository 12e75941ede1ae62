import { Autocomplete } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import type { Form } from "@/ui/form";
import { categoriesQuery } from "./queries";

/** Free text that offers the categories there are, so that they stay few. */
export function CategoryField<V extends { readonly category: string }>({
  form,
  label,
}: {
  readonly form: Form<V>;
  readonly label: string;
}) {
  const workspace = useWorkspace();
  const { data } = useQuery(categoriesQuery(workspace.id));
  form.labels.set("category", t("items.category"));
  return (
    <Autocomplete
      id={form.fieldId("category")}
      label={label}
      data={(data ?? []).map((one) => one.category)}
      value={form.values.category}
      onChange={(value) => form.set("category", value as V["category"])}
      error={form.errors["category"]}
      maxLength={100}
      limit={20}
      dir="auto"
    />
  );
}
