import { t } from "@/i18n";
import { Page, RefusedPage } from "@/ui/Page";
import { OperatorsOnly } from "../identity/OperatorsOnly";
import { useBoxEvents } from "../live/useBoxEvents";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { AccessSection } from "./AccessSection";
import { CheckpointSection } from "./CheckpointSection";
import { EventsSection } from "./EventsSection";
import { HelpSection } from "./HelpSection";
import { ProofSection } from "./ProofSection";
import { HELP } from "./queries";

const TOLD = [HELP];

/** Who can get in, what happened, and how anybody can check the log of the workspace. */
export function WorkspaceSecurityScreen() {
  const workspace = useWorkspace();
  const title = t("security.title");
  const manages = workspace.can("people.manage");
  const reads = workspace.can("audit.read");
  if (!manages && !reads) return <RefusedPage title={title} />;
  return (
    <Page title={title} tabTitle={title} subtitle={t("security.lead")}>
      {manages && <HelpSection />}
      <AccessSection workspace={workspace.id} managesPrograms={manages} />
      {reads && <Log workspace={workspace.id} />}
    </Page>
  );
}

/** The same for the box; for operators. */
export function BoxSecurityScreen() {
  useBoxEvents(TOLD);
  const title = t("security.boxTitle");
  return (
    <OperatorsOnly title={title} text={t("security.forbidden")}>
      <Page title={title} tabTitle={title} subtitle={t("security.lead")}>
        <HelpSection />
        <AccessSection workspace={null} managesPrograms />
        <Log workspace={null} />
      </Page>
    </OperatorsOnly>
  );
}

/** What only those see who may read the log. */
function Log({ workspace }: { readonly workspace: string | null }) {
  return (
    <>
      <EventsSection workspace={workspace} />
      <CheckpointSection workspace={workspace} />
      <ProofSection workspace={workspace} />
    </>
  );
}
