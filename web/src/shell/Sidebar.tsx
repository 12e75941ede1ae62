import { IconHome, type Icon } from "@tabler/icons-react";
import { createLink } from "@tanstack/react-router";
import { Suspense, type ComponentPropsWithRef, type ReactNode } from "react";
import type { MyWorkspace } from "@/api/types";
import { t } from "@/i18n";
import { useMe } from "@/platform/identity/queries";
import { visibleApps, visibleBoxScreens, visibleWorkspaceScreens } from "./navigation";
import { WorkspaceMenu } from "./WorkspaceMenu";
import classes from "./frame.module.css";

interface NavProps extends ComponentPropsWithRef<"a"> {
  readonly icon: Icon;
  readonly badge?: ReactNode;
}

const NavLink = createLink(function NavAnchor({
  icon: Symbol,
  badge,
  children,
  ...rest
}: NavProps) {
  return (
    <a {...rest} className={classes.nav}>
      <Symbol size={17} stroke={1.7} aria-hidden />
      <span className="hf-clip">{children}</span>
      <Suspense>{badge}</Suspense>
    </a>
  );
});

export function Sidebar({ workspace }: { readonly workspace: MyWorkspace | null }) {
  return (
    <nav className={classes.sidebar} aria-label={t("nav.main")}>
      <WorkspaceMenu workspace={workspace} />
      <div className={classes.navs}>
        {workspace && <WorkspaceLinks workspace={workspace} />}
        <BoxLinks />
      </div>
    </nav>
  );
}

function WorkspaceLinks({ workspace }: { readonly workspace: MyWorkspace }) {
  const params = { workspace: workspace.id };
  const own = visibleWorkspaceScreens(workspace);
  return (
    <>
      <NavLink to="/w/$workspace" params={params} icon={IconHome} activeOptions={{ exact: true }}>
        {t("nav.today")}
      </NavLink>
      {visibleApps(workspace).map((app) => (
        <Group key={app.id} label={t(app.label)}>
          {app.screens.map((screen) => (
            <NavLink
              key={screen.to}
              to={screen.to}
              params={params}
              icon={screen.icon}
              badge={screen.badge && <screen.badge workspace={workspace.id} />}
              activeOptions={{ includeSearch: false }}
            >
              {t(screen.label)}
            </NavLink>
          ))}
        </Group>
      ))}
      {own.length > 0 && (
        <Group label={t("nav.workspace")}>
          {own.map((screen) => (
            <NavLink
              key={screen.to}
              to={screen.to}
              params={params}
              icon={screen.icon}
              activeOptions={{ includeSearch: false }}
            >
              {t(screen.label)}
            </NavLink>
          ))}
        </Group>
      )}
    </>
  );
}

function BoxLinks() {
  const screens = visibleBoxScreens(useMe());
  if (screens.length === 0) return null;
  return (
    <Group label={t("nav.box")}>
      {screens.map((screen) => (
        <NavLink key={screen.to} to={screen.to} icon={screen.icon}>
          {t(screen.label)}
        </NavLink>
      ))}
    </Group>
  );
}

function Group({
  label,
  children,
}: {
  readonly label: string;
  readonly children: React.ReactNode;
}) {
  return (
    <div className={classes.group} role="group" aria-label={label}>
      <div className={classes.groupLabel} aria-hidden>
        {label}
      </div>
      {children}
    </div>
  );
}
