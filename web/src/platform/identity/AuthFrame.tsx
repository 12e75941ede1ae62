import type { ReactNode } from "react";
import { Mark } from "@/theme/Mark";
import classes from "./auth.module.css";

/** The quiet page around set-up and sign-in. */
export function AuthFrame({
  children,
  isWide = false,
}: {
  readonly children: ReactNode;
  readonly isWide?: boolean;
}) {
  return (
    <main className={classes.frame}>
      <div className={classes.card} data-wide={isWide || undefined}>
        <div className={classes.brand}>
          <Mark size={30} />
          <span>Holdfast</span>
        </div>
        {children}
      </div>
    </main>
  );
}
