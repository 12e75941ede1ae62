import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconPlus, IconRobot } from "@tabler/icons-react";
import { useState } from "react";
import { t } from "@/i18n";
import { Page, RefusedPage } from "@/ui/Page";
import { RowList } from "@/ui/RowList";
import { StateBlock } from "@/ui/StateBlock";
import { useWorkspace } from "../../workspaces/WorkspaceContext";
import { OperatorsOnly } from "../OperatorsOnly";
import { servicesQuery } from "./queries";
import { ServiceAnswer, type Act } from "./ServiceAnswer";
import { ServiceRow } from "./ServiceRow";

/** Programs that may act in the workspace by themselves. */
export function WorkspaceServicesScreen() {
  const workspace = useWorkspace();
  if (workspace.can("people.manage")) return <Services workspace={workspace.id} />;
  return <RefusedPage title={t("service.title")} />;
}

/** All of them, and those of the box itself; for operators. */
export function BoxServicesScreen() {
  return (
    <OperatorsOnly title={t("nav.boxServices")} text={t("service.forbidden")}>
      <Services workspace={null} />
    </OperatorsOnly>
  );
}

function Services({ workspace }: { readonly workspace: string | null }) {
  const title = t(workspace === null ? "nav.boxServices" : "service.title");
  const query = useQuery(servicesQuery);
  const [act, setAct] = useState<Act | null>(null);
  const rows = (query.data ?? []).filter(
    (one) => workspace === null || one.workspace_id === workspace,
  );
  const make = (
    <Button
      leftSection={<IconPlus size={16} aria-hidden />}
      onClick={() => setAct({ kind: "new", workspace })}
    >
      {t("service.new")}
    </Button>
  );
  return (
    <Page
      title={title}
      tabTitle={title}
      subtitle={t("service.lead")}
      isLoading={query.isPending}
      error={query.error}
      onRetry={() => void query.refetch()}
      actions={make}
    >
      {rows.length === 0 ? (
        <StateBlock icon={IconRobot} title={t("service.none")} text={t("service.noneText")}>
          {make}
        </StateBlock>
      ) : (
        <RowList isFramed label={title}>
          {rows.map((one) => (
            <ServiceRow key={one.id} account={one} namesPlace={workspace === null} onAct={setAct} />
          ))}
        </RowList>
      )}
      {act && <ServiceAnswer act={act} onAct={setAct} onClose={() => setAct(null)} />}
    </Page>
  );
}
