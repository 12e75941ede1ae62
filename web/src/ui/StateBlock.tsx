import { IconLock, IconSearchOff, type Icon } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { t } from "@/i18n";
import { asRefusal } from "./refusal";
import { ProblemAlert } from "./ProblemAlert";
import classes from "./notices.module.css";

interface Props {
  readonly icon: Icon;
  readonly title: string;
  readonly text?: string;
  readonly children?: ReactNode;
  /** The block is the whole page, so its title is the page's. */
  readonly isPage?: boolean;
}

/** What stands where a list or page would: one sentence, one way on. */
export function StateBlock({ icon: Symbol, title, text, children, isPage = false }: Props) {
  const Title = isPage ? "h1" : "p";
  return (
    <div className={classes.state}>
      <Symbol size={32} stroke={1.5} aria-hidden className={classes.stateIcon} />
      <Title className={classes.stateTitle}>{title}</Title>
      {text && <p className="hf-note">{text}</p>}
      {children && <div className={classes.stateActions}>{children}</div>}
    </div>
  );
}

/** Instead of what somebody may not see; `text` where it can be said better for whom it is. */
export function NoPermission({ text }: { readonly text?: string | undefined }) {
  return (
    <StateBlock
      icon={IconLock}
      title={t("problem.forbiddenTitle")}
      text={text ?? t("problem.forbidden")}
    />
  );
}

/** The right block for a failed read: not allowed, gone, or a failure with its traces. */
export function FailedState({
  error,
  onRetry,
}: {
  readonly error: unknown;
  readonly onRetry?: (() => void) | undefined;
}) {
  const refusal = asRefusal(error);
  if (refusal.status === 403) return <NoPermission />;
  if (refusal.status === 404) {
    return (
      <StateBlock
        icon={IconSearchOff}
        title={t("problem.notFoundTitle")}
        text={t("problem.notFound")}
      />
    );
  }
  return (
    <div style={{ padding: 16, maxWidth: 640 }}>
      <ProblemAlert error={error} onRetry={onRetry} />
    </div>
  );
}
