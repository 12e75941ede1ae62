import { Menu, UnstyledButton } from "@mantine/core";
import { IconBuildingStore, IconCheck, IconPlus, IconSelector } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import type { MyWorkspace } from "@/api/types";
import { t } from "@/i18n";
import { useMe } from "@/platform/identity/queries";
import { WorkspaceTags } from "@/platform/workspaces/Tags";
import { Mark } from "@/theme/Mark";
import classes from "./frame.module.css";

/** Which business one works in; a choice only where there is one. */
export function WorkspaceMenu({ workspace }: { readonly workspace: MyWorkspace | null }) {
  const me = useMe();
  const navigate = useNavigate();
  const name = workspace?.name ?? "Holdfast";
  if (me.workspaces.length < 2 && !me.is_operator) {
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
    <Menu position="bottom-start" width={280}>
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
        <div className={classes.switcher}>
          {inOrder(me.workspaces).map((one) => (
            <Menu.Item
              key={one.id}
              aria-current={one.id === workspace?.id || undefined}
              rightSection={
                <span className={classes.switchEnd}>
                  <WorkspaceTags workspace={one} />
                  {one.id === workspace?.id && <IconCheck size={15} aria-hidden />}
                </span>
              }
              onClick={() => void navigate({ to: "/w/$workspace", params: { workspace: one.id } })}
            >
              <bdi className={classes.switchName}>{one.name}</bdi>
            </Menu.Item>
          ))}
        </div>
        <Menu.Divider />
        <Menu.Item
          leftSection={<IconBuildingStore size={16} aria-hidden />}
          onClick={() => void navigate({ to: "/workspaces" })}
        >
          {t("nav.allWorkspaces")}
        </Menu.Item>
        {me.is_operator && (
          <Menu.Item
            leftSection={<IconPlus size={16} aria-hidden />}
            onClick={() => void navigate({ to: "/workspaces", search: { new: true } })}
          >
            {t("workspaces.new")}
          </Menu.Item>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Those in use first, samples after them, archived ones last. */
function inOrder(workspaces: readonly MyWorkspace[]): MyWorkspace[] {
  const rank = (one: MyWorkspace) => (one.state === "archived" ? 2 : one.is_sample ? 1 : 0);
  return workspaces.toSorted((one, other) => rank(one) - rank(other));
}
