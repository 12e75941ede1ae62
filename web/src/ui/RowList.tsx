import type { ReactNode } from "react";
import classes from "./RowList.module.css";

/** A short list for things that have a button of their own; outside a section, in its own frame. */
export function RowList({
  label,
  isFramed = false,
  children,
}: {
  readonly label: string;
  readonly isFramed?: boolean;
  readonly children: ReactNode;
}) {
  return (
    <ul className={classes.list} data-framed={isFramed || undefined} aria-label={label}>
      {children}
    </ul>
  );
}

interface Props {
  readonly symbol?: ReactNode;
  readonly title: ReactNode;
  readonly tags?: ReactNode;
  readonly line?: ReactNode;
  readonly actions?: ReactNode;
}

export function RowEntry({ symbol, title, tags, line, actions }: Props) {
  return (
    <li className={classes.row}>
      {symbol && <span className={classes.symbol}>{symbol}</span>}
      <div className={classes.about}>
        <div className={classes.title}>
          <bdi>{title}</bdi>
          {tags}
        </div>
        {line && <div className={classes.line}>{line}</div>}
      </div>
      {actions && <div className={classes.actions}>{actions}</div>}
    </li>
  );
}
