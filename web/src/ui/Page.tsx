import { useEffect, type ReactNode } from "react";
import { FailedState, NoPermission } from "./StateBlock";
import { SkeletonLines } from "./Skeleton";
import classes from "./Page.module.css";

interface Props {
  readonly title: ReactNode;
  /** What the browser's tab says. */
  readonly tabTitle: string;
  readonly subtitle?: ReactNode;
  readonly actions?: ReactNode;
  /** Shown in place of the body. */
  readonly isLoading?: boolean;
  readonly error?: unknown;
  readonly onRetry?: () => void;
  /** `fill`: the body scrolls by itself (lists). `form`: a narrow column. */
  readonly layout?: "fill" | "form" | "wide";
  readonly children?: ReactNode;
}

/** The frame of every screen; its body says so while it has nothing to show. */
export function Page({
  title,
  tabTitle,
  subtitle,
  actions,
  isLoading,
  error,
  onRetry,
  layout = "wide",
  children,
}: Props) {
  useEffect(() => {
    document.title = `${tabTitle} · Holdfast`;
  }, [tabTitle]);

  return (
    <div className={classes.page} data-layout={layout}>
      <header className={classes.head}>
        <div className={classes.titles}>
          <h1 className={classes.title}>{title}</h1>
          {subtitle && <div className={classes.subtitle}>{subtitle}</div>}
        </div>
        {actions && <div className={classes.actions}>{actions}</div>}
      </header>
      <div className={classes.body}>
        {error ? (
          <FailedState error={error} onRetry={onRetry} />
        ) : isLoading ? (
          <SkeletonLines count={6} />
        ) : (
          children
        )}
      </div>
    </div>
  );
}

/** The page of a screen that is not for whoever came there. */
export function RefusedPage({
  title,
  text,
}: {
  readonly title: string;
  readonly text?: string | undefined;
}) {
  return (
    <Page title={title} tabTitle={title}>
      <NoPermission text={text} />
    </Page>
  );
}

/** A titled part of a page. */
export function Section({
  title,
  aside,
  children,
}: {
  readonly title: string;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
}) {
  return (
    <section className={classes.section} aria-label={title}>
      <div className={classes.sectionHead}>
        <h2 className={classes.sectionTitle}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}
