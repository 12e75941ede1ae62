import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { ErrorGroup } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { CopyText } from "@/ui/CopyText";
import { Facts } from "@/ui/Facts";
import { LinkButton } from "@/ui/LinkButton";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { SidePanel } from "@/ui/SidePanel";
import { toastDone } from "@/ui/toast";
import { resolveError } from "./queries";
import classes from "./errors.module.css";

/** One fault: how often, when, where to look, and a sample on demand. */
export function ErrorPanel({
  group,
  onClose,
}: {
  readonly group: ErrorGroup;
  readonly onClose: () => void;
}) {
  const client = useQueryClient();
  const format = useFormat();
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const resolve = async () => {
    setSending(true);
    setError(null);
    try {
      await resolveError(group.id);
      await client.invalidateQueries({ queryKey: ["errors"] });
      toastDone(t("errors.markedSolved"));
    } catch (cause) {
      setError(cause);
    } finally {
      setSending(false);
    }
  };
  return (
    <SidePanel
      title={group.message}
      label={t("errors.one")}
      onClose={onClose}
      actions={
        <>
          {!group.resolved_at && (
            <Button loading={isSending} onClick={() => void resolve()}>
              {t("errors.solve")}
            </Button>
          )}
          {error !== null && <ProblemAlert error={error} />}
        </>
      }
    >
      <Facts
        facts={[
          { label: t("errors.count"), value: format.integer(group.count) },
          { label: t("errors.first"), value: format.exact(group.first_at) },
          { label: t("errors.last"), value: format.exact(group.last_at) },
          group.route
            ? { label: t("errors.route"), value: <span className="hf-mono">{group.route}</span> }
            : null,
          { label: t("about.version"), value: <span className="hf-mono">{group.version}</span> },
          group.resolved_at
            ? { label: t("errors.solvedAt"), value: format.exact(group.resolved_at) }
            : null,
        ]}
      />
      {group.last_request_id && (
        <div className={classes.request}>
          <span className="hf-dim">{t("errors.request")}</span>
          <CopyText text={group.last_request_id} label={t("errors.request")} />
          <LinkButton
            to="/box/logs"
            search={{ request: group.last_request_id }}
            variant="default"
            size="xs"
          >
            {t("errors.inLog")}
          </LinkButton>
        </div>
      )}
      {group.sample && (
        <details>
          <summary className={classes.summary}>{t("errors.sample")}</summary>
          <pre className={classes.sample} tabIndex={0}>
            {group.sample}
          </pre>
        </details>
      )}
      <p className="hf-dim" style={{ margin: 0 }}>
        {t("errors.solveHelp")}
      </p>
    </SidePanel>
  );
}
