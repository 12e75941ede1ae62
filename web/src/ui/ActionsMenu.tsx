import { ActionIcon, Menu, type MenuProps } from "@mantine/core";
import { IconDots } from "@tabler/icons-react";
import type { ReactNode } from "react";

interface Props {
  readonly label: string;
  readonly position?: NonNullable<MenuProps["position"]>;
  readonly size?: number;
  /** One `Menu.Item` for each. */
  readonly children: ReactNode;
}

/** What can be done with a row or a page beyond its first action. */
export function ActionsMenu({ label, position = "bottom-end", size, children }: Props) {
  return (
    <Menu position={position}>
      <Menu.Target>
        <ActionIcon variant="default" aria-label={label} {...(size ? { size } : {})}>
          <IconDots size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>{children}</Menu.Dropdown>
    </Menu>
  );
}
