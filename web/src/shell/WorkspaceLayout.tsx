import { Outlet, useParams, useRouterState } from "@tanstack/react-router";
import { IconBuildingStore, IconPlugOff } from "@tabler/icons-react";
import type { MyWorkspace } from "@/api/types";
import { t } from "@/i18n";
import { APPS } from "@/apps/registry";
import { AuditWordsProvider } from "@/platform/audit/AuditWords";
import { useMe } from "@/platform/identity/queries";
import { DeletableKindsProvider } from "@/platform/recycle/DeletableKinds";
import { FoundKindsProvider } from "@/platform/search/FoundKinds";
import { AppsProvider } from "@/platform/workspaces/AppsContext";
import { mayIn } from "@/platform/workspaces/rules";
import { WorkspaceProvider } from "@/platform/workspaces/WorkspaceContext";
import { foundKinds } from "./navigation";
import { LinkButton } from "@/ui/LinkButton";
import { StateBlock } from "@/ui/StateBlock";

const DELETABLE = APPS.flatMap((app) => app.deletable);
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
        <AppsProvider apps={APPS}>
          <DeletableKindsProvider kinds={DELETABLE}>
            <FoundKindsProvider kinds={foundKinds(workspace)}>
              <OrSwitchedOff workspace={workspace} />
            </FoundKindsProvider>
          </DeletableKindsProvider>
        </AppsProvider>
      </AuditWordsProvider>
    </WorkspaceProvider>
  );
}

/** The screen, unless it belongs to an app that is switched off here. */
function OrSwitchedOff({ workspace }: { readonly workspace: MyWorkspace }) {
  const part = useRouterState({ select: (state) => state.location.pathname.split("/")[3] });
  const off = APPS.find((app) => app.id === part && !workspace.apps.includes(app.id));
  if (!off) return <Outlet />;
  return (
    <StateBlock
      isPage
      icon={IconPlugOff}
      title={t("nav.appOff", { app: t(off.label) })}
      text={t("nav.appOffText")}
    >
      {mayIn(workspace, "workspace.settings") && (
        <LinkButton to="/w/$workspace/settings" params={{ workspace: workspace.id }}>
          {t("nav.settings")}
        </LinkButton>
      )}
    </StateBlock>
  );
}

export function NoWorkspaceScreen() {
  const me = useMe();
  return (
    <StateBlock
      isPage
      icon={IconBuildingStore}
      title={t("nav.noWorkspace")}
      text={t(me.is_operator ? "nav.noWorkspaceOperator" : "nav.noWorkspaceText")}
    >
      <LinkButton to="/workspaces" variant={me.is_operator ? "filled" : "default"}>
        {t("nav.allWorkspaces")}
      </LinkButton>
    </StateBlock>
  );
}
