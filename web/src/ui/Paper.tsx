import type { ReactNode } from "react";
import { createPortal } from "react-dom";
import classes from "./Paper.module.css";

/** What a print of the page holds instead of the page, while this is on it. */
export function Paper({ children }: { readonly children: ReactNode }) {
  return createPortal(
    <div className={classes.paper} aria-hidden>
      {children}
    </div>,
    document.body,
  );
}
