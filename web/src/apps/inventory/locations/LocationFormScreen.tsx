import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { newKey } from "@/api/client";
import type { Location } from "@/api/types";
import { t } from "@/i18n";
import { NoChange } from "@/platform/workspaces/NoChange";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Confirm } from "@/ui/Confirm";
import {
  ChoiceField,
  FieldRow,
  FormFrame,
  LeaveGuard,
  SwitchField,
  TextField,
  useForm,
} from "@/ui/form";
import { LinkButton } from "@/ui/LinkButton";
import { Page } from "@/ui/Page";
import { toastDone, toastFailed } from "@/ui/toast";
import { WRITE } from "../permissions";
import { asZone, zoneChoices } from "../Zone";
import { LocationPicker } from "./LocationPicker";
import {
  createLocation,
  deleteLocation,
  locationsQuery,
  restoreLocation,
  updateLocation,
} from "./queries";
import { withDescendants } from "./tree";

export function NewLocationScreen() {
  const workspace = useWorkspace();
  return (
    <Page title={t("locations.new")} tabTitle={t("locations.new")} layout="form">
      {workspace.can(WRITE) ? <LocationForm location={null} /> : <NoChange />}
    </Page>
  );
}

export function LocationScreen() {
  const workspace = useWorkspace();
  const { location: id } = useParams({ from: "/frame/w/$workspace/inventory/locations/$location" });
  const query = useQuery(locationsQuery(workspace.id));
  const current = query.data?.find((one) => one.id === id);
  const [started, setStarted] = useState<Location | null>(null);
  if (!started && current && !query.isFetching) setStarted(current);
  const shown = started ?? current;
  const missing =
    query.data && !current
      ? {
          code: "not-found",
          status: 404,
          detail: "",
          requestId: null,
          fields: [],
          retryAfterSeconds: null,
        }
      : null;
  return (
    <Page
      title={shown ? <bdi>{shown.name}</bdi> : t("locations.one")}
      tabTitle={shown?.name ?? t("locations.one")}
      layout="form"
      isLoading={query.isPending}
      error={query.error ?? missing}
      onRetry={() => void query.refetch()}
      actions={
        shown && (
          <LinkButton
            to="/w/$workspace/inventory/stock"
            params={{ workspace: workspace.id }}
            search={{ location_id: shown.id }}
            variant="default"
          >
            {t("locations.seeStock")}
          </LinkButton>
        )
      }
    >
      {!workspace.can(WRITE) ? (
        <NoChange />
      ) : (
        started && (
          <LocationForm
            key={started.version}
            location={started}
            onReload={() =>
              void query
                .refetch()
                .then((fresh) => setStarted(fresh.data?.find((one) => one.id === id) ?? null))
            }
          />
        )
      )}
    </Page>
  );
}

interface Values {
  readonly name: string;
  readonly code: string;
  readonly temp_zone: string | null;
  readonly parent: Location | null;
  readonly active: boolean;
}

function valuesOf(location: Location | null, all: readonly Location[]): Values {
  return {
    name: location?.name ?? "",
    code: location?.code ?? "",
    temp_zone: location?.temp_zone ?? null,
    parent: all.find((one) => one.id === location?.parent_id) ?? null,
    active: location?.active ?? true,
  };
}

function LocationForm({
  location,
  onReload,
}: {
  readonly location: Location | null;
  readonly onReload?: () => void;
}) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const navigate = useNavigate();
  const all = useQuery(locationsQuery(workspace.id)).data;
  const [isSaved, setSaved] = useState(false);
  // What the next save is one on top of.
  const [kept, setKept] = useState(location);
  const own = useMemo(
    () => (location ? withDescendants(location.id, all ?? []) : new Set<string>()),
    [location, all],
  );
  const back = () =>
    navigate({
      to: "/w/$workspace/inventory/locations",
      params: { workspace: workspace.id },
      ignoreBlocker: true,
    });
  const form = useForm<Values>({
    initial: valuesOf(location, all ?? []),
    newKey,
    validate: (values) => ({
      name: values.name.trim() ? null : t("form.needed"),
      code: values.code.trim() ? null : t("form.needed"),
    }),
    send: async (values, key) => {
      const body = {
        name: values.name.trim(),
        code: values.code.trim(),
        temp_zone: asZone(values.temp_zone),
        parent_id: values.parent?.id ?? null,
        active: values.active,
      };
      const saved = kept
        ? await updateLocation(workspace.id, kept, body)
        : await createLocation(workspace.id, body, key);
      setSaved(true);
      await client.invalidateQueries({ queryKey: ["inventory", workspace.id] });
      toastDone(t("locations.saved", { name: saved.name }));
      await back();
    },
  });
  const newest = async (id: string) => {
    const fresh = await client.fetchQuery({ ...locationsQuery(workspace.id), staleTime: 0 });
    const there = fresh.find((one) => one.id === id) ?? null;
    return { values: valuesOf(there ?? location, fresh), adopt: () => setKept(there) };
  };
  form.labels.set("parent_id", t("locations.parent"));
  return (
    <>
      <LeaveGuard isDirty={form.isDirty && !isSaved} />
      <FormFrame
        form={form}
        label={t("locations.one")}
        submitLabel={location ? t("locations.save") : t("locations.add")}
        stale={location && onReload ? { onReload, newest: () => newest(location.id) } : undefined}
        onCancel={() => window.history.back()}
        extra={
          location && (
            <DeleteLocation
              location={location}
              onDone={() => {
                setSaved(true);
                void back();
              }}
            />
          )
        }
      >
        <FieldRow>
          <TextField
            form={form}
            name="name"
            label={t("locations.name")}
            autoFocus={!location}
            maxLength={120}
          />
          <TextField
            form={form}
            name="code"
            label={t("locations.code")}
            help={t("locations.codeHelp")}
            maxLength={32}
          />
        </FieldRow>
        <FieldRow>
          <LocationPicker
            id={form.fieldId("parent_id")}
            label={`${t("locations.parent")} (${t("ui.optional")})`}
            location={form.values.parent}
            onPick={(parent) => form.set("parent", parent)}
            error={form.errors["parent_id"]}
            without={own}
            placeholder={t("locations.top")}
            includeInactive
          />
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
        {location && (
          <SwitchField
            form={form}
            name="active"
            label={t("locations.active")}
            help={t("locations.activeHelp")}
          />
        )}
      </FormFrame>
    </>
  );
}

function DeleteLocation({
  location,
  onDone,
}: {
  readonly location: Location;
  readonly onDone: () => void;
}) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const [asks, setAsks] = useState(false);
  const refresh = () => client.invalidateQueries({ queryKey: ["inventory", workspace.id] });
  const remove = async () => {
    await deleteLocation(workspace.id, location);
    onDone();
    await refresh();
    toastDone(t("locations.deleted", { name: location.name }), () => {
      restoreLocation(workspace.id, location.id).then(refresh).catch(toastFailed);
    });
  };
  return (
    <>
      <Button variant="default" onClick={() => setAsks(true)}>
        {t("locations.delete")}
      </Button>
      <Confirm
        opened={asks}
        title={t("locations.deleteTitle", { name: location.name })}
        confirmLabel={t("locations.delete")}
        onConfirm={remove}
        onClose={() => setAsks(false)}
      >
        {t("locations.deleteBody", { count: location.stock_items })}
      </Confirm>
    </>
  );
}
