import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { newKey } from "@/api/client";
import type { Item } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { NoChange } from "@/platform/workspaces/NoChange";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import {
  AreaField,
  ChoiceField,
  FieldRow,
  FormFrame,
  LeaveGuard,
  TextField,
  useForm,
  type Form,
} from "@/ui/form";
import { Page } from "@/ui/Page";
import { toastDone } from "@/ui/toast";
import { PRICES, WRITE } from "../permissions";
import { zoneChoices } from "../Zone";
import { BarcodeFields } from "./BarcodeFields";
import { CategoryField } from "./CategoryField";
import { EMPTY, itemBody, validateItem, valuesOf, type ItemValues } from "./itemValues";
import { createItem, itemQuery, updateItem } from "./queries";

const STEPS = ["1", "0.5", "0.25", "0.1", "0.01", "0.001"];

export function NewItemScreen() {
  const workspace = useWorkspace();
  return (
    <Page title={t("items.new")} tabTitle={t("items.new")} layout="form">
      {workspace.can(WRITE) ? <ItemForm item={null} /> : <NoChange />}
    </Page>
  );
}

export function EditItemScreen() {
  const workspace = useWorkspace();
  const { item: id } = useParams({ from: "/frame/w/$workspace/inventory/items/$item/edit" });
  const query = useQuery(itemQuery(workspace.id, id));
  // The form keeps the version it started from, whatever the event stream brings meanwhile.
  const [started, setStarted] = useState<Item | null>(null);
  if (!started && query.data && !query.isFetching) setStarted(query.data);
  return (
    <Page
      title={started ? t("items.editTitle", { name: started.name }) : t("ui.edit")}
      tabTitle={t("ui.edit")}
      layout="form"
      isLoading={!started && query.isFetching}
      error={query.error}
      onRetry={() => void query.refetch()}
    >
      {!workspace.can(WRITE) ? (
        <NoChange />
      ) : (
        started && (
          <ItemForm
            key={started.version}
            item={started}
            onReload={() =>
              void query.refetch().then((fresh) => {
                if (fresh.data) setStarted(fresh.data);
              })
            }
          />
        )
      )}
    </Page>
  );
}

function ItemForm({
  item,
  onReload,
}: {
  readonly item: Item | null;
  readonly onReload?: () => void;
}) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { separators } = useFormat();
  const seesPrices = workspace.can(PRICES);
  const [saved, setSaved] = useState(false);
  // What the next save is one on top of.
  const [kept, setKept] = useState(item);
  const form = useForm<ItemValues>({
    initial: item ? valuesOf(item, separators) : EMPTY,
    newKey,
    validate: (values) => validateItem(values, separators),
    send: async (values, key) => {
      const body = itemBody(values, separators, seesPrices);
      const result = kept
        ? await updateItem(workspace.id, kept, body)
        : await createItem(workspace.id, body, key);
      setSaved(true);
      client.setQueryData(itemQuery(workspace.id, result.id).queryKey, result);
      void client.invalidateQueries({ queryKey: ["inventory", workspace.id] });
      toastDone(t("items.saved", { name: result.name }));
      await navigate({
        to: "/w/$workspace/inventory/items/$item",
        params: { workspace: workspace.id, item: result.id },
        ignoreBlocker: true,
      });
    },
  });
  const newest = async (id: string) => {
    const fresh = await client.fetchQuery({ ...itemQuery(workspace.id, id), staleTime: 0 });
    return { values: valuesOf(fresh, separators), adopt: () => setKept(fresh) };
  };
  return (
    <>
      <LeaveGuard isDirty={form.isDirty && !saved} />
      <FormFrame
        form={form}
        label={item ? t("ui.edit") : t("items.new")}
        submitLabel={item ? t("items.save") : t("items.add")}
        stale={item && onReload ? { onReload, newest: () => newest(item.id) } : undefined}
        onCancel={() => window.history.back()}
      >
        <ItemFields form={form} seesPrices={seesPrices} isNew={item === null} />
      </FormFrame>
    </>
  );
}

function ItemFields({
  form,
  seesPrices,
  isNew,
}: {
  readonly form: Form<ItemValues>;
  readonly seesPrices: boolean;
  readonly isNew: boolean;
}) {
  const unit = form.values.unit || undefined;
  return (
    <>
      <TextField
        form={form}
        name="name"
        label={t("items.name")}
        autoFocus={isNew}
        maxLength={200}
      />
      <FieldRow>
        <TextField form={form} name="item_number" label={t("items.number")} maxLength={64} />
        <TextField
          form={form}
          name="unit"
          label={t("items.unit")}
          help={t("items.unitHelp")}
          maxLength={16}
        />
        <ChoiceField
          form={form}
          name="qty_step"
          label={t("items.step")}
          help={t("items.stepHelp")}
          data={[...new Set([...STEPS, form.values.qty_step ?? "0.001"])]}
        />
      </FieldRow>
      <FieldRow>
        <CategoryField form={form} label={`${t("items.category")} (${t("ui.optional")})`} />
        <ChoiceField
          form={form}
          name="temp_zone"
          label={t("items.zone")}
          required={false}
          data={zoneChoices()}
          clearable
          placeholder={t("items.zoneAny")}
        />
      </FieldRow>
      <FieldRow>
        <TextField
          form={form}
          name="min_qty"
          label={t("items.min")}
          required={false}
          help={t("items.minHelp")}
          inputMode="decimal"
          suffix={unit}
        />
        <TextField
          form={form}
          name="max_qty"
          label={t("items.max")}
          required={false}
          inputMode="decimal"
          suffix={unit}
        />
        {seesPrices && (
          <TextField
            form={form}
            name="unit_cost"
            label={t("items.cost")}
            required={false}
            inputMode="decimal"
          />
        )}
        {seesPrices && (
          <ChoiceField
            form={form}
            name="cost_method"
            label={t("items.costMethod")}
            help={t("items.costMethodHelp")}
            data={[
              { value: "average", label: t("items.average") },
              { value: "standard", label: t("items.standard") },
            ]}
          />
        )}
      </FieldRow>
      <BarcodeFields form={form} />
      <AreaField form={form} name="notes" label={t("items.notes")} required={false} />
    </>
  );
}
