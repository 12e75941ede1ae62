import { Button } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useContext, type ReactNode } from "react";
import { t } from "@/i18n";
import { RequestLink } from "./requestLink";
import { asRefusal, explain, hasProblemPage, wasCancelled } from "./refusal";
import classes from "./notices.module.css";

interface Props {
  readonly error: unknown;
  readonly onRetry?: (() => void) | undefined;
  readonly children?: ReactNode;
}

/** A failure that stays until read: what happened, what to do, and the traces for whoever helps. */
export function ProblemAlert({ error, onRetry, children }: Props) {
  if (wasCancelled(error)) return null;
  const refusal = asRefusal(error);
  return (
    <div className={classes.alert} data-tone="danger" role="alert">
      <IconAlertTriangle size={18} aria-hidden className={classes.icon} />
      <div className={classes.body}>
        <p className={classes.text}>{explain(refusal)}</p>
        {children}
        <ProblemTraces
          code={hasProblemPage(refusal) ? refusal.code : null}
          requestId={refusal.requestId}
        />
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry} mt={8}>
            {t("ui.retry")}
          </Button>
        )}
      </div>
    </div>
  );
}

function ProblemTraces({
  code,
  requestId,
}: {
  readonly code: string | null;
  readonly requestId: string | null;
}) {
  const link = useContext(RequestLink);
  if (!code && !requestId) return null;
  return (
    <details className={classes.traces}>
      <summary>{t("ui.details")}</summary>
      {code && (
        <a href={`/problems/${encodeURIComponent(code)}`} target="_blank" rel="noreferrer">
          {t("problem.code", { code })}
        </a>
      )}
      {requestId && <span className="hf-mono">{t("problem.request", { id: requestId })}</span>}
      {requestId && link && <a href={link(requestId)}>{t("problem.inLog")}</a>}
    </details>
  );
}
