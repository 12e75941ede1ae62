import { Outlet, useParams } from "@tanstack/react-router";
import { IconBuildingStore } from "@tabler/icons-react";
import { t } from "@/i18n";
import { APPS } from "@/apps/registry";
import { AuditWordsProvider } from "@/platform/audit/AuditWords";
import { useMe } from "@/platform/identity/queries";
import { WorkspaceProvider } from "@/platform/workspaces/WorkspaceContext";
import { LinkButton } from "@/ui/LinkButton";
import { StateBlock } from "@/ui/StateBlock";

const WORDS = new Map(APPS.flatMap((app) => Object.entries(app.auditWords)));

/** Everything below `/w/…`; a workspace one is not in looks like one that does not exist. */
export function WorkspaceLayout() {
  const me = useMe();
  const { workspace: id } = useParams({ from: "/frame/w/$workspace" });
  const workspace = me.workspaces.find((one) => one.id === id);
  if (!workspace) {
    return (
      <StateBlock
        isPage
        icon={IconBuildingStore}
        title={t("nav.unknownWorkspace")}
        text={t("nav.unknownWorkspaceText")}
      >
        <LinkButton to="/">{t("nav.toMine")}</LinkButton>
      </StateBlock>
    );
  }
  return (
    <WorkspaceProvider key={workspace.id} workspace={workspace}>
      <AuditWordsProvider words={WORDS}>
        <Outlet />
      </AuditWordsProvider>
    </WorkspaceProvider>
  );
}

export function NoWorkspaceScreen() {
  return (
    <StateBlock
      isPage
      icon={IconBuildingStore}
      title={t("nav.noWorkspace")}
      text={t("nav.noWorkspaceText")}
    />
  );
}
