import { Button } from "@mantine/core";
import { useState } from "react";
import { t } from "@/i18n";
import { Notice } from "@/ui/Notice";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { askForHelp } from "./queries";
import classes from "../auth.module.css";

interface Props {
  readonly hasBackup: boolean;
  readonly onRefused: (error: unknown) => boolean;
}

/** The phone is gone: a backup code, or somebody else who knows the person. */
export function LostFactor({ hasBackup, onRefused }: Props) {
  const [isSending, setSending] = useState(false);
  const [isAsked, setAsked] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const ask = async () => {
    if (isSending) return;
    setSending(true);
    setError(null);
    try {
      await askForHelp();
      setAsked(true);
    } catch (cause) {
      if (!onRefused(cause)) setError(cause);
    } finally {
      setSending(false);
    }
  };
  return (
    <div className="hf-stack" aria-live="polite">
      {isAsked ? (
        <Notice tone="good" title={t("lost.askedTitle")}>
          {t("lost.asked")}
        </Notice>
      ) : (
        <>
          {hasBackup && <p className="hf-text">{t("lost.backup")}</p>}
          <p className="hf-text">{t("lost.lead")}</p>
          {error !== null && <ProblemAlert error={error} />}
          <div>
            <Button loading={isSending} onClick={() => void ask()}>
              {t("lost.ask")}
            </Button>
          </div>
          <p className={classes.small}>{t("lost.nobody")}</p>
        </>
      )}
    </div>
  );
}
