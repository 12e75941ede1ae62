import { Drawer, UnstyledButton } from "@mantine/core";
import { IconDots, IconHome, IconSearch, IconUser, type Icon } from "@tabler/icons-react";
import { createLink } from "@tanstack/react-router";
import { useState, type ComponentPropsWithRef } from "react";
import type { MyWorkspace } from "@/api/types";
import { t } from "@/i18n";
import { useMe } from "@/platform/identity/queries";
import { tabScreens, visibleApps, visibleBoxScreens, visibleWorkspaceScreens } from "./navigation";
import classes from "./frame.module.css";

interface TabProps extends ComponentPropsWithRef<"a"> {
  readonly icon: Icon;
}

const TabLink = createLink(function TabAnchor({ icon: Symbol, children, ...rest }: TabProps) {
  return (
    <a {...rest} className={classes.tab}>
      <Symbol size={22} stroke={1.6} aria-hidden />
      <span className="hf-clip">{children}</span>
    </a>
  );
});

const SheetLink = createLink(function SheetAnchor({ icon: Symbol, children, ...rest }: TabProps) {
  return (
    <a {...rest} className={classes.sheetLink}>
      <Symbol size={20} stroke={1.6} aria-hidden />
      {children}
    </a>
  );
});

/** The phone's way around: what is needed most, within reach of the thumb. */
export function BottomBar({
  workspace,
  onSearch,
}: {
  readonly workspace: MyWorkspace | null;
  readonly onSearch: () => void;
}) {
  const me = useMe();
  const [isOpen, setOpen] = useState(false);
  const close = () => setOpen(false);
  if (!workspace) return null;
  const params = { workspace: workspace.id };
  return (
    <nav className={classes.bottom} aria-label={t("nav.main")}>
      <TabLink to="/w/$workspace" params={params} icon={IconHome} activeOptions={{ exact: true }}>
        {t("nav.today")}
      </TabLink>
      {tabScreens(workspace).map((screen) => (
        <TabLink
          key={screen.to}
          to={screen.to}
          params={params}
          icon={screen.icon}
          activeOptions={{ includeSearch: false }}
        >
          {t(screen.label)}
        </TabLink>
      ))}
      <UnstyledButton className={classes.tab} onClick={onSearch}>
        <IconSearch size={22} stroke={1.6} aria-hidden />
        {t("nav.search")}
      </UnstyledButton>
      <UnstyledButton className={classes.tab} onClick={() => setOpen(true)}>
        <IconDots size={22} stroke={1.6} aria-hidden />
        {t("nav.more")}
      </UnstyledButton>
      <Drawer
        opened={isOpen}
        onClose={close}
        position="bottom"
        size="auto"
        styles={{ content: { height: "auto", maxHeight: "85dvh" } }}
        title={t("nav.more")}
        closeButtonProps={{ "aria-label": t("ui.close") }}
      >
        <div className={classes.sheet}>
          {[
            ...visibleApps(workspace).flatMap((app) => app.screens),
            ...visibleWorkspaceScreens(workspace),
          ].map((screen) => (
            <SheetLink
              key={screen.to}
              to={screen.to}
              params={params}
              icon={screen.icon}
              onClick={close}
            >
              {t(screen.label)}
            </SheetLink>
          ))}
          {visibleBoxScreens(me).map((screen) => (
            <SheetLink key={screen.to} to={screen.to} icon={screen.icon} onClick={close}>
              {t(screen.label)}
            </SheetLink>
          ))}
          <SheetLink to="/account" icon={IconUser} onClick={close}>
            {t("nav.account")}
          </SheetLink>
        </div>
      </Drawer>
    </nav>
  );
}
