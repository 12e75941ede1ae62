import { t } from "@/i18n";
import classes from "./Skeleton.module.css";

/** Grey lines where text will stand; never laid over content that is already there. */
export function SkeletonLines({ count }: { readonly count: number }) {
  return (
    <div className={classes.lines} role="status" aria-label={t("ui.loading")}>
      {Array.from({ length: count }, (_, index) => (
        <span
          key={index}
          className={classes.line}
          style={{ width: `${92 - ((index * 17) % 45)}%` }}
        />
      ))}
    </div>
  );
}

export function SkeletonBar({ width }: { readonly width: string }) {
  return <span className={classes.line} style={{ width }} aria-hidden />;
}
