import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { newKey } from "@/api/client";
import type { Supplier } from "@/api/types";
import { t } from "@/i18n";
import { NoChange } from "@/platform/workspaces/NoChange";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Confirm } from "@/ui/Confirm";
import { AreaField, FieldRow, FormFrame, LeaveGuard, TextField, useForm } from "@/ui/form";
import { LinkButton } from "@/ui/LinkButton";
import { Page } from "@/ui/Page";
import { toastDone, toastFailed } from "@/ui/toast";
import { PRICES, WRITE } from "../permissions";
import { NoPermission } from "@/ui/StateBlock";
import {
  createSupplier,
  deleteSupplier,
  restoreSupplier,
  supplierQuery,
  updateSupplier,
} from "./queries";
import { SupplierItems } from "./SupplierItems";

export function NewSupplierScreen() {
  const workspace = useWorkspace();
  const may = workspace.can(WRITE) && workspace.can(PRICES);
  return (
    <Page title={t("suppliers.new")} tabTitle={t("suppliers.new")} layout="form">
      {may ? <SupplierForm supplier={null} /> : <NoChange />}
    </Page>
  );
}

export function SupplierScreen() {
  const workspace = useWorkspace();
  const { supplier: id } = useParams({ from: "/frame/w/$workspace/inventory/suppliers/$supplier" });
  const query = useQuery({ ...supplierQuery(workspace.id, id), enabled: workspace.can(PRICES) });
  // The form keeps what it started from, whatever the event stream brings meanwhile.
  const [started, setStarted] = useState<Supplier | null>(null);
  if (!started && query.data && !query.isFetching) setStarted(query.data);
  const shown = query.data ?? started;
  if (!workspace.can(PRICES)) {
    return (
      <Page title={t("suppliers.one")} tabTitle={t("suppliers.one")}>
        <NoPermission />
      </Page>
    );
  }
  return (
    <Page
      title={shown ? <bdi>{shown.name}</bdi> : t("suppliers.one")}
      tabTitle={shown?.name ?? t("suppliers.one")}
      layout="form"
      isLoading={query.isPending}
      error={query.error}
      onRetry={() => void query.refetch()}
      actions={
        shown && (
          <LinkButton
            to="/w/$workspace/inventory/orders"
            params={{ workspace: workspace.id }}
            search={{ supplier_id: shown.id }}
            variant="default"
          >
            {t("suppliers.seeOrders")}
          </LinkButton>
        )
      }
    >
      {shown && <SupplierItems supplier={shown} />}
      {workspace.can(WRITE) ? (
        started &&
        shown && (
          <SupplierForm
            key={started.version}
            supplier={sameWords(started, shown) ? shown : started}
            onReload={() =>
              void query.refetch().then((fresh) => {
                if (fresh.data) setStarted(fresh.data);
              })
            }
          />
        )
      ) : (
        <NoChange />
      )}
    </Page>
  );
}

/** Only what they deliver changed meanwhile, which is no other text. */
function sameWords(a: Supplier, b: Supplier): boolean {
  const words = ({ name, email, phone, notes, lead_days }: Supplier) =>
    JSON.stringify([name, email, phone, notes, lead_days ?? null]);
  return words(a) === words(b);
}

interface Values {
  readonly name: string;
  readonly email: string;
  readonly phone: string;
  readonly lead_days: string;
  readonly notes: string;
}

function valuesOf(supplier: Supplier | null): Values {
  return {
    name: supplier?.name ?? "",
    email: supplier?.email ?? "",
    phone: supplier?.phone ?? "",
    lead_days: String(supplier?.lead_days ?? ""),
    notes: supplier?.notes ?? "",
  };
}

function SupplierForm({
  supplier,
  onReload,
}: {
  readonly supplier: Supplier | null;
  readonly onReload?: () => void;
}) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const navigate = useNavigate();
  const [isSaved, setSaved] = useState(false);
  // What somebody else saved meanwhile and this form was put together with.
  const [theirs, setTheirs] = useState<Supplier | null>(null);
  const back = () =>
    navigate({
      to: "/w/$workspace/inventory/suppliers",
      params: { workspace: workspace.id },
      ignoreBlocker: true,
    });
  const form = useForm<Values>({
    initial: valuesOf(supplier),
    newKey,
    validate: (values) => ({
      name: values.name.trim() ? null : t("form.needed"),
      lead_days: /^\d{0,3}$/.test(values.lead_days.trim()) ? null : t("form.notANumber"),
    }),
    send: async (values, key) => {
      const days = values.lead_days.trim();
      const body = {
        name: values.name.trim(),
        email: values.email.trim(),
        phone: values.phone.trim(),
        notes: values.notes.trim(),
        lead_days: days ? Number(days) : null,
      };
      const saved = supplier
        ? await updateSupplier(workspace.id, theirs ?? supplier, body)
        : await createSupplier(workspace.id, body, key);
      setSaved(true);
      await client.invalidateQueries({ queryKey: ["inventory", workspace.id] });
      toastDone(t("suppliers.saved", { name: saved.name }));
      if (supplier) await back();
      else
        await navigate({
          to: "/w/$workspace/inventory/suppliers/$supplier",
          params: { workspace: workspace.id, supplier: saved.id },
          ignoreBlocker: true,
        });
    },
  });
  const newest = async (id: string) => {
    const fresh = await client.fetchQuery({ ...supplierQuery(workspace.id, id), staleTime: 0 });
    return { values: valuesOf(fresh), adopt: () => setTheirs(fresh) };
  };
  return (
    <>
      <LeaveGuard isDirty={form.isDirty && !isSaved} />
      <FormFrame
        form={form}
        label={t("suppliers.one")}
        submitLabel={supplier ? t("suppliers.save") : t("suppliers.add")}
        stale={supplier && onReload ? { onReload, newest: () => newest(supplier.id) } : undefined}
        onCancel={() => window.history.back()}
        extra={
          supplier && (
            <DeleteSupplier
              supplier={supplier}
              onDone={() => {
                setSaved(true);
                void back();
              }}
            />
          )
        }
      >
        <SupplierFields form={form} isNew={!supplier} />
      </FormFrame>
    </>
  );
}

function SupplierFields({
  form,
  isNew,
}: {
  readonly form: ReturnType<typeof useForm<Values>>;
  readonly isNew: boolean;
}) {
  return (
    <>
      <FieldRow>
        <TextField
          form={form}
          name="name"
          label={t("suppliers.name")}
          maxLength={200}
          autoFocus={isNew}
        />
        <TextField
          form={form}
          name="lead_days"
          label={t("suppliers.leadDays")}
          required={false}
          inputMode="numeric"
          maxLength={3}
        />
      </FieldRow>
      <FieldRow>
        <TextField
          form={form}
          name="email"
          label={t("suppliers.email")}
          required={false}
          inputMode="email"
        />
        <TextField
          form={form}
          name="phone"
          label={t("suppliers.phone")}
          required={false}
          maxLength={64}
        />
      </FieldRow>
      <AreaField form={form} name="notes" label={t("suppliers.notes")} required={false} />
    </>
  );
}

function DeleteSupplier({
  supplier,
  onDone,
}: {
  readonly supplier: Supplier;
  readonly onDone: () => void;
}) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const [asks, setAsks] = useState(false);
  const refresh = () => client.invalidateQueries({ queryKey: ["inventory", workspace.id] });
  const remove = async () => {
    await deleteSupplier(workspace.id, supplier);
    onDone();
    await refresh();
    toastDone(t("suppliers.deleted", { name: supplier.name }), () => {
      restoreSupplier(workspace.id, supplier.id).then(refresh).catch(toastFailed);
    });
  };
  return (
    <>
      <Button variant="default" onClick={() => setAsks(true)}>
        {t("suppliers.delete")}
      </Button>
      <Confirm
        opened={asks}
        title={t("suppliers.deleteTitle", { name: supplier.name })}
        confirmLabel={t("suppliers.delete")}
        onConfirm={remove}
        onClose={() => setAsks(false)}
      >
        {t("suppliers.deleteBody")}
      </Confirm>
    </>
  );
}
