import type { Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./Banner.module.css";

interface Props {
  readonly icon: Icon;
  readonly tone: "caution" | "info";
  /** Names the banner for those who do not see it. */
  readonly label: string;
  readonly text: string;
  /** A button, and what it opens. */
  readonly children?: ReactNode;
}

/** One line above every screen that stays until what it says has passed. */
export function Banner({ icon: Symbol, tone, label, text, children }: Props) {
  return (
    <aside className={classes.banner} data-tone={tone} aria-label={label}>
      <Symbol size={17} aria-hidden />
      <span className={classes.text}>{text}</span>
      {children}
    </aside>
  );
}
