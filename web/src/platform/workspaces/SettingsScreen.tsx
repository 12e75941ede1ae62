import { Switch } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { newKey } from "@/api/client";
import type { Workspace } from "@/api/types";
import { t } from "@/i18n";
import { FormFrame, LeaveGuard, TextField, useForm, type Form } from "@/ui/form";
import { Page, RefusedPage, Section } from "@/ui/Page";
import { toastDone } from "@/ui/toast";
import { useApps } from "./AppsContext";
import { NAME_MAX } from "./CreateWorkspaceDialog";
import { DangerSection } from "./DangerSection";
import { ElsewhereSection } from "./moving/ElsewhereSection";
import { ExportSection } from "./moving/ExportSection";
import { PlaceFields, type WorkspaceValues } from "./PlaceFields";
import { changeWorkspace, refreshWorkspaces, workspaceQuery } from "./queries";
import { UsageSection } from "./Usage";
import { useWorkspace } from "./WorkspaceContext";
import classes from "./workspaces.module.css";

const SETTINGS = "workspace.settings";

export function SettingsScreen() {
  const workspace = useWorkspace();
  const may = workspace.can(SETTINGS);
  const query = useQuery({ ...workspaceQuery(workspace.id), enabled: may });
  // The form keeps the version it started from, whatever the event stream brings meanwhile.
  const [started, setStarted] = useState<Workspace | null>(null);
  if (query.data && (!started || started.state !== query.data.state)) setStarted(query.data);
  const title = t("workspace.settings");
  if (!may) return <RefusedPage title={title} />;
  return (
    <Page
      title={title}
      tabTitle={title}
      subtitle={workspace.name}
      layout="form"
      isLoading={!started}
      error={started ? null : query.error}
      onRetry={() => void query.refetch()}
    >
      {started && (
        <>
          <Section title={t("workspace.general")}>
            <SettingsForm
              key={`${started.version} ${started.state}`}
              workspace={started}
              onSaved={setStarted}
              onReload={() =>
                void query.refetch().then((fresh) => {
                  if (fresh.data) setStarted(fresh.data);
                })
              }
            />
          </Section>
          <UsageSection workspace={workspace.id} />
          {workspace.can("people.manage") && <ElsewhereSection workspace={workspace.id} />}
          {workspace.can("workspace.export") && <ExportSection workspace={query.data ?? started} />}
          <DangerSection workspace={query.data ?? started} />
        </>
      )}
    </Page>
  );
}

function valuesOf(workspace: Workspace): WorkspaceValues {
  const { name, time_zone, currency, locale, week_start, apps } = workspace;
  return {
    name,
    time_zone,
    currency,
    locale,
    week_start: String(week_start),
    apps,
    load_sample_data: false,
  };
}

function SettingsForm({
  workspace,
  onSaved,
  onReload,
}: {
  readonly workspace: Workspace;
  readonly onSaved: (workspace: Workspace) => void;
  readonly onReload: () => void;
}) {
  const client = useQueryClient();
  const form = useForm<WorkspaceValues>({
    initial: valuesOf(workspace),
    newKey,
    validate: (values) => ({ name: values.name.trim() ? null : t("form.needed") }),
    send: async ({ name, week_start, apps, load_sample_data: _none, ...place }) => {
      const saved = await changeWorkspace(workspace, {
        name: name.trim(),
        week_start: Number(week_start),
        apps: [...apps],
        ...place,
      });
      client.setQueryData(workspaceQuery(workspace.id).queryKey, saved);
      await refreshWorkspaces(client);
      onSaved(saved);
      toastDone(t("workspace.saved"));
    },
  });
  const isArchived = workspace.state === "archived";
  return (
    <>
      <LeaveGuard isDirty={form.isDirty && !form.isSending} />
      <FormFrame
        form={form}
        label={t("workspace.settings")}
        submitLabel={t("workspace.save")}
        stale={{ onReload }}
        isBlocked={isArchived}
      >
        <TextField form={form} name="name" label={t("workspace.name")} maxLength={NAME_MAX} />
        <PlaceFields form={form} currencyHelp={t("workspace.currencyHelp")} />
        <AppSwitches form={form} />
      </FormFrame>
    </>
  );
}

function AppSwitches({ form }: { readonly form: Form<WorkspaceValues> }) {
  const apps = useApps();
  const { apps: on } = form.values;
  return (
    <div className={classes.apps} role="group" aria-label={t("workspace.apps")}>
      <p className={classes.legend}>{t("workspace.apps")}</p>
      {apps.map((app) => (
        <Switch
          key={app.id}
          label={t(app.label)}
          description={t(app.about)}
          checked={on.includes(app.id)}
          onChange={(event) =>
            form.set(
              "apps",
              event.currentTarget.checked ? [...on, app.id] : on.filter((one) => one !== app.id),
            )
          }
        />
      ))}
    </div>
  );
}
