import type { ReactNode } from "react";
import classes from "./Tag.module.css";

export type TagTone =
  "plain" | "good" | "caution" | "danger" | "info" | "dry" | "cooler" | "freezer";

export function Tag({
  tone = "plain",
  icon,
  children,
}: {
  readonly tone?: TagTone;
  readonly icon?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <span className={classes.tag} data-tone={tone}>
      {icon}
      {children}
    </span>
  );
}
