import { TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { newKey } from "@/api/client";
import type { Order } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { readTyped, signOf } from "@/i18n/decimal";
import type { Separators } from "@/i18n/decimal";
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
import { said } from "@/ui/form/merge";
import { Page } from "@/ui/Page";
import { toastDone } from "@/ui/toast";
import { PRICES, WRITE } from "../permissions";
import { supplierChoicesQuery } from "../suppliers/queries";
import {
  bodyOf,
  emptyLine,
  lineInWords,
  totalOf,
  valuesOf,
  withKeysOf,
  writtenLines,
  type DraftValues,
  type LineValue,
} from "./draft";
import { LineFields } from "./LineFields";
import { createOrder, orderQuery, updateOrder } from "./queries";
import { Money } from "@/ui/values";
import classes from "./orders.module.css";

export function NewOrderScreen() {
  const workspace = useWorkspace();
  const may = workspace.can(PRICES) && workspace.can(WRITE);
  return (
    <Page title={t("orders.new")} tabTitle={t("orders.new")} layout="wide">
      {may ? <OrderForm order={null} /> : <NoChange />}
    </Page>
  );
}

export function EditOrderScreen() {
  const workspace = useWorkspace();
  const { order: id } = useParams({ from: "/frame/w/$workspace/inventory/orders/$order/edit" });
  const may = workspace.can(PRICES) && workspace.can(WRITE);
  const query = useQuery({ ...orderQuery(workspace.id, id), enabled: may });
  // The form keeps the version it started from, whatever the event stream brings meanwhile.
  const [started, setStarted] = useState<Order | null>(null);
  if (!started && query.data && !query.isFetching) setStarted(query.data);
  return (
    <Page
      title={started ? t("orders.editTitle", { number: started.po_number }) : t("ui.edit")}
      tabTitle={t("ui.edit")}
      layout="wide"
      isLoading={may && !started && query.isFetching}
      error={query.error}
      onRetry={() => void query.refetch()}
    >
      {!may ? (
        <NoChange />
      ) : (
        started && (
          <OrderForm
            key={started.version}
            order={started}
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

function OrderForm({
  order,
  onReload,
}: {
  readonly order: Order | null;
  readonly onReload?: () => void;
}) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { separators } = useFormat();
  const [isSaved, setSaved] = useState(false);
  // What somebody else saved meanwhile and this form was put together with.
  const [theirs, setTheirs] = useState<Order | null>(null);
  const suppliers = useQuery(supplierChoicesQuery(workspace.id)).data ?? [];
  const form = useForm<DraftValues>({
    initial: startOf(order, separators),
    newKey,
    validate: (values) => validate(values, separators),
    send: async (values, key) => {
      const body = bodyOf(values, separators);
      const saved = order
        ? await updateOrder(workspace.id, theirs ?? order, body)
        : await createOrder(workspace.id, body, key);
      setSaved(true);
      client.setQueryData(orderQuery(workspace.id, saved.id).queryKey, saved);
      void client.invalidateQueries({ queryKey: ["inventory", workspace.id, "orders"] });
      toastDone(t("orders.saved", { number: saved.po_number }));
      await navigate({
        to: "/w/$workspace/inventory/orders/$order",
        params: { workspace: workspace.id, order: saved.id },
        ignoreBlocker: true,
      });
    },
  });
  const newest = async (id: string) => {
    const fresh = await client.fetchQuery({ ...orderQuery(workspace.id, id), staleTime: 0 });
    return {
      values: withKeysOf(form.base, valuesOf(fresh, separators)),
      adopt: () => setTheirs(fresh),
      say: (name: string, value: unknown) => inWords(name, value, suppliers),
    };
  };
  return (
    <>
      <LeaveGuard isDirty={form.isDirty && !isSaved} />
      <FormFrame
        form={form}
        label={t("orders.one")}
        submitLabel={order ? t("orders.save") : t("orders.add")}
        stale={order && onReload ? { onReload, newest: () => newest(order.id) } : undefined}
        onCancel={() => window.history.back()}
      >
        <HeadFields form={form} isNew={order === null} />
        <LineFields form={form} />
        <Total form={form} />
        <AreaField form={form} name="notes" label={t("orders.notes")} required={false} />
      </FormFrame>
    </>
  );
}

function inWords(
  name: string,
  value: unknown,
  suppliers: readonly { readonly id: string; readonly name: string }[],
): string {
  if (name === "supplier_id")
    return (
      suppliers.find((one) => one.id === value)?.name ?? (value ? t("orders.supplierGone") : "")
    );
  if (name === "lines")
    return writtenLines(value as readonly LineValue[])
      .map(lineInWords)
      .join("\n");
  return said(value);
}

/** A new order begins with a line to be filled. */
function startOf(order: Order | null, separators: Separators): DraftValues {
  const values = valuesOf(order, separators);
  return values.lines.length > 0 ? values : { ...values, lines: [emptyLine("first")] };
}

function HeadFields({
  form,
  isNew,
}: {
  readonly form: Form<DraftValues>;
  readonly isNew: boolean;
}) {
  const workspace = useWorkspace();
  const suppliers = useQuery(supplierChoicesQuery(workspace.id));
  const choices = (suppliers.data ?? []).map((one) => ({ value: one.id, label: one.name }));
  form.labels.set("expected_on", t("orders.expected"));
  return (
    <FieldRow>
      <ChoiceField
        form={form}
        name="supplier_id"
        label={t("orders.supplier")}
        required={false}
        data={choices}
        searchable
        clearable
        placeholder={t("orders.noSupplier")}
      />
      <TextInput
        id={form.fieldId("expected_on")}
        type="date"
        label={`${t("orders.expected")} (${t("ui.optional")})`}
        value={form.values.expected_on}
        onChange={(event) => form.set("expected_on", event.currentTarget.value)}
        error={form.errors["expected_on"]}
      />
      <TextField
        form={form}
        name="po_number"
        label={t("orders.number")}
        {...(isNew ? { help: t("orders.numberHelp") } : {})}
        required={false}
        maxLength={64}
      />
    </FieldRow>
  );
}

function Total({ form }: { readonly form: Form<DraftValues> }) {
  const { separators } = useFormat();
  const total = totalOf(form.values.lines, separators);
  return (
    <p className={classes.total} aria-live="polite">
      <span className="hf-dim">{t("orders.total")}</span>{" "}
      {total === null ? <span className="hf-dim">–</span> : <Money value={total} />}
    </p>
  );
}

/** Paths are those of the lines that are sent, which leave out empty ones. */
function validate(values: DraftValues, separators: Separators): Record<string, string | null> {
  const found: Record<string, string | null> = {};
  writtenLines(values.lines).forEach((line, index) => {
    const at = (name: string) => `lines[${index}].${name}`;
    const qty = readTyped(line.qty, separators);
    found[at("item_id")] = line.item ? null : t("form.needed");
    found[at("req_qty")] =
      qty === null ? t("form.notANumber") : signOf(qty) > 0 ? null : t("movements.aboveZero");
    found[at("unit_price")] =
      !line.price.trim() || readTyped(line.price, separators) !== null
        ? null
        : t("form.notANumber");
  });
  return found;
}
