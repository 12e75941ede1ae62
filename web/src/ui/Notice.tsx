import { IconAlertTriangle, IconCircleCheck, IconInfoCircle } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./notices.module.css";

export type Tone = "good" | "caution" | "danger" | "info";

const ICONS = {
  good: IconCircleCheck,
  caution: IconAlertTriangle,
  danger: IconAlertTriangle,
  info: IconInfoCircle,
};

/** A remark inside a page; its tone is said by icon and words, the colour only helps. */
export function Notice({
  tone,
  title,
  children,
}: {
  readonly tone: Tone;
  readonly title?: string;
  readonly children?: ReactNode;
}) {
  const Icon = ICONS[tone];
  return (
    <div className={classes.alert} data-tone={tone} role={tone === "danger" ? "alert" : "note"}>
      <Icon size={18} aria-hidden className={classes.icon} />
      <div className={classes.body}>
        {title && <p className={classes.title}>{title}</p>}
        {children && <div className={classes.text}>{children}</div>}
      </div>
    </div>
  );
}
