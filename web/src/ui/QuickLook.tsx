import { Drawer } from "@mantine/core";
import type { ReactNode } from "react";
import { t } from "@/i18n";
import { SidePanel } from "./SidePanel";
import { useIsPhone } from "./useIsPhone";
import classes from "./QuickLook.module.css";

interface Props {
  readonly title: ReactNode;
  readonly label: string;
  readonly onClose: () => void;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** One thing of a list: beside it where there is room, over it on a phone. */
export function QuickLook({ title, label, onClose, actions, children }: Props) {
  const isPhone = useIsPhone();
  if (!isPhone)
    return (
      <SidePanel title={title} label={label} onClose={onClose} actions={actions}>
        {children}
      </SidePanel>
    );
  return (
    <Drawer
      opened
      onClose={onClose}
      position="bottom"
      size="auto"
      styles={{ content: { height: "auto", maxHeight: "85dvh" } }}
      title={title}
      closeButtonProps={{ "aria-label": t("ui.close") }}
    >
      <div className={classes.body}>{children}</div>
      {actions && <div className={classes.actions}>{actions}</div>}
    </Drawer>
  );
}
