import { CloseButton } from "@mantine/core";
import type { ReactNode } from "react";
import { t } from "@/i18n";
import { Dialog } from "./Dialog";
import { useIsPhone } from "./useIsPhone";
import classes from "./SidePanel.module.css";

interface Props {
  readonly title: ReactNode;
  readonly label: string;
  readonly onClose: () => void;
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A quick look beside the list, which stays usable; on a phone it lies over the list. */
export function SidePanel({ title, label, onClose, actions, children }: Props) {
  const isPhone = useIsPhone();
  if (isPhone)
    return (
      <Dialog onClose={onClose} title={title} label={label}>
        <div className={classes.sheet}>
          {children}
          {actions && <div className="hf-flow">{actions}</div>}
        </div>
      </Dialog>
    );
  return (
    <aside className={classes.panel} aria-label={label}>
      <header className={classes.head}>
        <h2 className={classes.title} dir="auto">
          {title}
        </h2>
        <CloseButton aria-label={t("ui.close")} onClick={onClose} />
      </header>
      <div className={classes.body}>{children}</div>
      {actions && <footer className={classes.foot}>{actions}</footer>}
    </aside>
  );
}

/** The list and, when a row is chosen, the quick look at it. */
export function WithPanel({
  panel,
  children,
}: {
  readonly panel: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <div className={classes.split}>
      <div className={classes.main}>{children}</div>
      {panel}
    </div>
  );
}
