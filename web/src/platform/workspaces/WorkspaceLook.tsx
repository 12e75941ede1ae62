import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { IconRestore } from "@tabler/icons-react";
import { useState } from "react";
import type { Workspace } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Facts } from "@/ui/Facts";
import { LinkButton } from "@/ui/LinkButton";
import { Notice } from "@/ui/Notice";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { toastDone } from "@/ui/toast";
import { useMe } from "../identity/queries";
import { refreshWorkspaces, restoreWorkspace } from "./queries";
import { daysUntil } from "./rules";
import { weekDays } from "./week";

/** The facts of a workspace, and what may be done with it from outside. */
export function WorkspaceLook({ workspace }: { readonly workspace: Workspace }) {
  const me = useMe();
  const format = useFormat();
  const isMember = me.workspaces.some((one) => one.id === workspace.id);
  const day = weekDays().find((one) => Number(one.value) === workspace.week_start);
  return (
    <>
      {workspace.state === "deleted" && workspace.purge_at && (
        <Notice
          tone="danger"
          title={t("workspaces.goesOn", { date: format.date(workspace.purge_at) })}
        >
          {t("workspaces.goesIn", { count: daysUntil(workspace.purge_at, Date.now()) })}
        </Notice>
      )}
      {workspace.state === "archived" && (
        <Notice tone="caution">{t("workspaces.isArchived")}</Notice>
      )}
      {!isMember && workspace.state !== "deleted" && (
        <Notice tone="info">{t("workspaces.notMember")}</Notice>
      )}
      <Facts
        facts={[
          { label: t("workspace.currency"), value: workspace.currency },
          { label: t("workspace.zone"), value: workspace.time_zone },
          { label: t("workspace.locale"), value: workspace.locale },
          day ? { label: t("workspace.weekStart"), value: day.label } : null,
          { label: t("workspaces.created"), value: format.dateTime(workspace.created_at) },
          workspace.archived_at
            ? { label: t("workspaces.archived"), value: format.dateTime(workspace.archived_at) }
            : null,
          workspace.deleted_at
            ? { label: t("workspaces.deleted"), value: format.dateTime(workspace.deleted_at) }
            : null,
        ]}
      />
      <div className="hf-flow">
        {isMember && workspace.state !== "deleted" && (
          <LinkButton to="/w/$workspace" params={{ workspace: workspace.id }}>
            {t("workspaces.open")}
          </LinkButton>
        )}
        {workspace.state !== "active" && <RestoreButton workspace={workspace} />}
      </div>
    </>
  );
}

function RestoreButton({ workspace }: { readonly workspace: Workspace }) {
  const client = useQueryClient();
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const restore = async () => {
    setSending(true);
    setError(null);
    try {
      await restoreWorkspace(workspace.id);
      toastDone(t("workspaces.restored", { name: workspace.name }));
      await refreshWorkspaces(client);
    } catch (cause) {
      setError(cause);
    } finally {
      setSending(false);
    }
  };
  return (
    <>
      <Button
        variant={workspace.state === "deleted" ? "filled" : "default"}
        loading={isSending}
        onClick={() => void restore()}
        leftSection={<IconRestore size={16} aria-hidden />}
      >
        {t("workspaces.restore")}
      </Button>
      {error !== null && <ProblemAlert error={error} />}
    </>
  );
}
