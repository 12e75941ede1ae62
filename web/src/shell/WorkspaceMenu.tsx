import { Menu, UnstyledButton } from "@mantine/core";
import { IconCheck, IconSelector } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import type { MyWorkspace } from "@/api/types";
import { t } from "@/i18n";
import { useMe } from "@/platform/identity/queries";
import { Mark } from "@/theme/Mark";
import classes from "./frame.module.css";

/** Which business one works in; a choice only where there is more than one. */
export function WorkspaceMenu({ workspace }: { readonly workspace: MyWorkspace | null }) {
  const me = useMe();
  const navigate = useNavigate();
  const name = workspace?.name ?? "Holdfast";
  if (me.workspaces.length < 2) {
    return (
      <div className={classes.workspace}>
        <Mark size={22} />
        <bdi className={classes.workspaceName} title={name}>
          {name}
        </bdi>
      </div>
    );
  }
  return (
    <Menu position="bottom-start" width={240}>
      <Menu.Target>
        <UnstyledButton className={classes.workspace} aria-label={t("nav.switch", { name })}>
          <Mark size={22} />
          <bdi className={classes.workspaceName} title={name}>
            {name}
          </bdi>
          <IconSelector size={15} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {me.workspaces.map((one) => (
          <Menu.Item
            key={one.id}
            rightSection={one.id === workspace?.id && <IconCheck size={15} aria-hidden />}
            onClick={() => void navigate({ to: "/w/$workspace", params: { workspace: one.id } })}
          >
            <bdi>{one.name}</bdi>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
