import type { ReactNode } from "react";
import classes from "./PhoneRow.module.css";

interface Props {
  readonly title: ReactNode;
  readonly value?: ReactNode;
  readonly line?: ReactNode;
  readonly aside?: ReactNode;
  /** What it is may take two lines; the list has to give it the height. */
  readonly wraps?: boolean;
}

/** A row on a phone: what it is and its number above, what belongs to it below. */
export function PhoneRow({ title, value, line, aside, wraps = false }: Props) {
  return (
    <div className={classes.grid}>
      <span className={classes.title} data-wraps={wraps || undefined}>
        <bdi>{title}</bdi>
      </span>
      <span className={classes.value}>{value}</span>
      <span className={classes.line}>
        <bdi>{line}</bdi>
      </span>
      <span className={classes.aside}>{aside}</span>
    </div>
  );
}
