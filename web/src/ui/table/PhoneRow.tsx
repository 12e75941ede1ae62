import type { ReactNode } from "react";
import classes from "./PhoneRow.module.css";

interface Props {
  readonly title: ReactNode;
  readonly value?: ReactNode;
  readonly line?: ReactNode;
  readonly aside?: ReactNode;
}

/** A row on a phone: what it is and its number above, what belongs to it below. */
export function PhoneRow({ title, value, line, aside }: Props) {
  return (
    <div className={classes.grid}>
      <span className={classes.title} dir="auto">{title}</span>
      <span className={classes.value}>{value}</span>
      <span className={classes.line} dir="auto">{line}</span>
      <span className={classes.aside}>{aside}</span>
    </div>
  );
}
