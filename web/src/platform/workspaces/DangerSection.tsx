import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState, type ReactNode } from "react";
import type { Workspace } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { Section } from "@/ui/Page";
import { toastDone, toastFailed } from "@/ui/toast";
import { Losses } from "./Losses";
import {
  archiveWorkspace,
  deleteWorkspace,
  refreshWorkspaces,
  restoreWorkspace,
  wipeWorkspace,
} from "./queries";
import { useWorkspace } from "./WorkspaceContext";
import classes from "./workspaces.module.css";

const GRACE_MS = 30 * 86_400_000;

/** Putting a workspace aside, and giving it up. */
export function DangerSection({ workspace }: { readonly workspace: Workspace }) {
  const current = useWorkspace();
  const isArchived = workspace.state === "archived";
  return (
    <Section title={t("workspace.danger")}>
      <ul className={classes.dangers}>
        {isArchived ? <Unarchive workspace={workspace} /> : <Archive workspace={workspace} />}
        {current.can("workspace.delete") &&
          (workspace.is_sample ? <Wipe workspace={workspace} /> : <Delete workspace={workspace} />)}
      </ul>
    </Section>
  );
}

function Danger({
  title,
  text,
  children,
}: {
  readonly title: string;
  readonly text: string;
  readonly children: ReactNode;
}) {
  return (
    <li className={classes.danger}>
      <div className={classes.dangerText}>
        <p className={classes.dangerTitle}>{title}</p>
        <p className="hf-dim">{text}</p>
      </div>
      {children}
    </li>
  );
}

function Archive({ workspace }: { readonly workspace: Workspace }) {
  const client = useQueryClient();
  const [asks, setAsks] = useState(false);
  return (
    <Danger title={t("workspace.archive")} text={t("workspace.archiveText")}>
      <Button variant="default" onClick={() => setAsks(true)}>
        {t("workspace.archive")}
      </Button>
      <Confirm
        opened={asks}
        isDanger={false}
        title={t("workspace.archiveTitle", { name: workspace.name })}
        confirmLabel={t("workspace.archive")}
        onClose={() => setAsks(false)}
        onConfirm={async () => {
          await archiveWorkspace(workspace.id);
          await refreshWorkspaces(client);
          setAsks(false);
          toastDone(
            t("workspace.archived", { name: workspace.name }),
            () =>
              void restoreWorkspace(workspace.id)
                .then(() => refreshWorkspaces(client))
                .catch(toastFailed),
          );
        }}
      >
        {t("workspace.archiveBody")}
      </Confirm>
    </Danger>
  );
}

function Unarchive({ workspace }: { readonly workspace: Workspace }) {
  const client = useQueryClient();
  const [isSending, setSending] = useState(false);
  const restore = async () => {
    setSending(true);
    try {
      await restoreWorkspace(workspace.id);
      await refreshWorkspaces(client);
      toastDone(t("workspaces.restored", { name: workspace.name }));
    } catch (cause) {
      toastFailed(cause);
    } finally {
      setSending(false);
    }
  };
  return (
    <Danger title={t("workspace.unarchive")} text={t("workspace.unarchiveText")}>
      <Button variant="default" loading={isSending} onClick={() => void restore()}>
        {t("workspace.unarchive")}
      </Button>
    </Danger>
  );
}

function Delete({ workspace }: { readonly workspace: Workspace }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const format = useFormat();
  const [asks, setAsks] = useState(false);
  const until = format.date(new Date(Date.now() + GRACE_MS).toISOString());
  return (
    <Danger title={t("workspace.delete")} text={t("workspace.deleteText")}>
      <DangerButton label={t("workspace.delete")} onClick={() => setAsks(true)} />
      <Confirm
        opened={asks}
        title={t("workspace.deleteTitle", { name: workspace.name })}
        confirmLabel={t("workspace.delete")}
        typed={workspace.name}
        onClose={() => setAsks(false)}
        onConfirm={async () => {
          await deleteWorkspace(workspace);
          await navigate({ to: "/workspaces", search: { state: "deleted" }, ignoreBlocker: true });
          await refreshWorkspaces(client);
          toastDone(t("workspace.deleted", { name: workspace.name, date: until }));
        }}
      >
        {t("workspace.deleteBody")}
        {asks && <Losses workspace={workspace.id} />}
        {t("workspace.deleteGrace", { date: until })}
      </Confirm>
    </Danger>
  );
}

function Wipe({ workspace }: { readonly workspace: Workspace }) {
  const [asks, setAsks] = useState(false);
  return (
    <Danger title={t("workspace.wipe")} text={t("workspace.wipeText")}>
      <DangerButton label={t("workspace.wipe")} onClick={() => setAsks(true)} />
      <WipeDialog
        opened={asks}
        id={workspace.id}
        name={workspace.name}
        onClose={() => setAsks(false)}
      />
    </Danger>
  );
}

/** Removing a sample workspace at once; nothing in it was real. */
export function WipeDialog({
  opened,
  id,
  name,
  onClose,
}: {
  readonly opened: boolean;
  readonly id: string;
  readonly name: string;
  readonly onClose: () => void;
}) {
  const client = useQueryClient();
  const navigate = useNavigate();
  return (
    <Confirm
      opened={opened}
      title={t("workspace.wipeTitle", { name })}
      confirmLabel={t("workspace.wipe")}
      onClose={onClose}
      onConfirm={async () => {
        await wipeWorkspace(id);
        onClose();
        await refreshWorkspaces(client);
        await navigate({ to: "/", ignoreBlocker: true });
        toastDone(t("workspace.wiped", { name }));
      }}
    >
      {t("workspace.wipeBody")}
      {opened && <Losses workspace={id} />}
    </Confirm>
  );
}

function DangerButton({
  label,
  onClick,
}: {
  readonly label: string;
  readonly onClick: () => void;
}) {
  return (
    <Button variant="outline" color="var(--hf-danger)" onClick={onClick}>
      {label}
    </Button>
  );
}
