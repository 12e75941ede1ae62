import { Outlet, useParams, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { t, FormatProvider } from "@/i18n";
import { LiveProvider } from "@/platform/live/LiveProvider";
import { MfaBanner } from "@/platform/identity/factors/MfaBanner";
import { useMe } from "@/platform/identity/queries";
import { News } from "@/platform/updates/News";
import { WorkspaceBanner } from "@/platform/workspaces/WorkspaceBanner";
import { lastWorkspace, rememberWorkspace } from "@/platform/workspaces/WorkspaceContext";
import type { MyWorkspace } from "@/api/types";
import { RequestLink } from "@/ui/requestLink";
import { useIsPhone } from "@/ui/useIsPhone";
import { BottomBar } from "./BottomBar";
import { ConnectionBanner } from "./ConnectionBanner";
import { Footer } from "./Footer";
import { Header } from "./Header";
import { PrintHead } from "./PrintHead";
import { Sidebar } from "./Sidebar";
import { useShellKeys } from "./useShellKeys";
import classes from "./frame.module.css";

const EnrolScreen = lazy(() => import("@/platform/identity/factors/EnrolScreen"));
const Palette = lazy(() => import("./Palette"));
const Shortcuts = lazy(() => import("./Shortcuts"));

/** Every screen, unless the box refuses all of them until a second factor is set up. */
export function Frame() {
  const { mfa, is_operator: isOperator } = useMe();
  const [isHeld, setHeld] = useState(false);
  if (!mfa.must_enrol && !isHeld) {
    return (
      <RequestLink value={isOperator ? inLog : null}>
        <OpenFrame />
      </RequestLink>
    );
  }
  return (
    <Suspense fallback={null}>
      <EnrolScreen onHold={setHeld} />
    </Suspense>
  );
}

/** The lines of a request in the log, which operators read. */
function inLog(id: string): string {
  return `/box/logs?request=${encodeURIComponent(id)}`;
}

/** Everything around a screen: where one is, where one can go, and whether the box is there. */
function OpenFrame() {
  const me = useMe();
  const params = useParams({ strict: false });
  const inAddress = me.workspaces.find((one) => one.id === params.workspace);
  const workspace = inAddress ?? lastWorkspace(me.workspaces);
  useEffect(() => {
    if (inAddress) rememberWorkspace(inAddress.id);
  }, [inAddress]);

  if (!workspace) return <FrameBody workspace={null} />;
  const place = {
    locale: workspace.locale,
    timeZone: workspace.time_zone,
    currency: workspace.currency,
  };
  return (
    <FormatProvider place={place}>
      <LiveProvider
        key={workspace.id}
        workspace={workspace.id}
        isDamaged={Boolean(workspace.damaged_at)}
      >
        <FrameBody workspace={workspace} />
      </LiveProvider>
    </FormatProvider>
  );
}

function FrameBody({ workspace }: { readonly workspace: MyWorkspace | null }) {
  const { mfa } = useMe();
  const isPhone = useIsPhone();
  const keys = useShellKeys(workspace);
  const main = useRef<HTMLElement>(null);
  const { workspace: inWorkspace } = useParams({ strict: false });
  const path = useRouterState({ select: (state) => state.location.pathname });
  useEffect(() => {
    main.current?.scrollTo?.({ top: 0 });
  }, [path]);
  return (
    <div className={classes.frame}>
      <a href="#content" className={classes.skip}>
        {t("nav.skip")}
      </a>
      {!isPhone && <Sidebar workspace={workspace} />}
      <div className={classes.column}>
        <Header
          workspace={workspace}
          onSearch={keys.openPalette}
          onShortcuts={keys.openShortcuts}
        />
        {workspace && <ConnectionBanner />}
        <News />
        <MfaBanner mfa={mfa} />
        {inWorkspace && workspace && <WorkspaceBanner workspace={workspace} />}
        <main id="content" ref={main} className={classes.main} tabIndex={-1}>
          {workspace && <PrintHead workspace={workspace} />}
          <Suspense fallback={null}>
            <Outlet />
          </Suspense>
        </main>
        {!isPhone && <Footer workspace={workspace} />}
        {isPhone && <BottomBar workspace={workspace} onSearch={keys.openPalette} />}
      </div>
      <Suspense fallback={null}>
        {keys.palette && (
          <Palette
            typedBefore={keys.typedBefore}
            workspace={workspace}
            onClose={keys.close}
            onShortcuts={keys.openShortcuts}
          />
        )}
        {keys.shortcuts && <Shortcuts onClose={keys.close} />}
      </Suspense>
    </div>
  );
}
