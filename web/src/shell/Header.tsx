import { ActionIcon, Menu, UnstyledButton } from "@mantine/core";
import {
  IconInfoCircle,
  IconKeyboard,
  IconLogout,
  IconSearch,
  IconUser,
} from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import type { MyWorkspace } from "@/api/types";
import { t } from "@/i18n";
import { signOut, useMe } from "@/platform/identity/queries";
import { JobChip } from "@/platform/jobs/JobChip";
import { Bell } from "@/platform/notices/Bell";
import { toastFailed } from "@/ui/toast";
import { useIsPhone } from "@/ui/useIsPhone";
import { Initials } from "@/ui/values";
import { WorkspaceMenu } from "./WorkspaceMenu";
import classes from "./frame.module.css";

interface Props {
  readonly workspace: MyWorkspace | null;
  readonly onSearch: () => void;
  readonly onShortcuts: () => void;
}

export function Header({ workspace, onSearch, onShortcuts }: Props) {
  const isPhone = useIsPhone();
  return (
    <header className={classes.header}>
      {isPhone ? (
        <WorkspaceMenu workspace={workspace} />
      ) : (
        <UnstyledButton className={classes.search} onClick={onSearch}>
          <IconSearch size={16} aria-hidden />
          <span className="hf-clip">{t("palette.placeholder")}</span>
          <kbd>{isMac() ? "⌘K" : "Ctrl K"}</kbd>
        </UnstyledButton>
      )}
      <span className={classes.spacer} />
      {workspace && <JobChip workspace={workspace} />}
      <Bell />
      {!isPhone && (
        <ActionIcon
          aria-label={t("nav.shortcuts")}
          title={t("nav.shortcuts")}
          onClick={onShortcuts}
        >
          <IconKeyboard size={19} stroke={1.6} aria-hidden />
        </ActionIcon>
      )}
      <PersonMenu onShortcuts={onShortcuts} />
    </header>
  );
}

function PersonMenu({ onShortcuts }: { readonly onShortcuts: () => void }) {
  const me = useMe();
  const navigate = useNavigate();
  return (
    <Menu position="bottom-end" width={240}>
      <Menu.Target>
        <UnstyledButton className={classes.person} aria-label={t("nav.menuOf", { name: me.name })}>
          <Initials name={me.name} seed={me.id} />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <div className={classes.personName}>
          <bdi>{me.name}</bdi>
          <span className="hf-dim">{me.email}</span>
        </div>
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconUser size={16} aria-hidden />}
          onClick={() => void navigate({ to: "/account" })}
        >
          {t("nav.account")}
        </Menu.Item>
        <Menu.Item leftSection={<IconKeyboard size={16} aria-hidden />} onClick={onShortcuts}>
          {t("nav.shortcuts")}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconInfoCircle size={16} aria-hidden />}
          onClick={() => void navigate({ to: "/about" })}
        >
          {t("nav.about")}
        </Menu.Item>
        <Menu.Item
          leftSection={<IconLogout size={16} aria-hidden />}
          onClick={() => void signOut().catch(toastFailed)}
        >
          {t("nav.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function isMac(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.platform);
}
