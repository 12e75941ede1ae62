import { lazy, Suspense } from "react";
import { t, useFormat } from "@/i18n";
import { useMe } from "@/platform/identity/queries";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Page } from "@/ui/Page";
import { SkeletonLines } from "@/ui/Skeleton";
import { NoPermission } from "@/ui/StateBlock";
import { Decisions } from "./Decisions";
import { visibleApps } from "./navigation";
import { withTexts } from "../withTexts";

const SinceLast = lazy(withTexts(() => import("./SinceLast"), "audit"));
const SafetySteps = lazy(() => import("@/platform/backups/SafetySteps"));

/** What each app has to say today. */
export function TodayScreen() {
  const workspace = useWorkspace();
  const { is_operator } = useMe();
  const format = useFormat();
  const apps = visibleApps(workspace);
  return (
    <Page
      title={t("today.title")}
      tabTitle={t("today.title")}
      subtitle={format.date(new Date().toISOString())}
    >
      {apps.length === 0 && <NoPermission />}
      <Decisions workspace={workspace} />
      {is_operator && (
        <Suspense fallback={null}>
          <SafetySteps workspace={workspace} />
        </Suspense>
      )}
      <Suspense>
        <SinceLast workspace={workspace} />
      </Suspense>
      {apps.map((app) => (
        <Suspense key={app.id} fallback={<SkeletonLines count={6} />}>
          <app.today />
        </Suspense>
      ))}
    </Page>
  );
}
