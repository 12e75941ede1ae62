import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { t } from "@/i18n";
import { Lamp } from "@/ui/Lamp";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { verifyAudit } from "./queries";
import classes from "./audit.module.css";

/** Whether the log is whole, and a way to have it checked now. */
export function ChainState({ workspace }: { readonly workspace: string | null }) {
  const verify = useMutation({ mutationFn: () => verifyAudit(workspace) });
  const result = verify.data;
  return (
    <div className={classes.chain} data-state={result ? (result.ok ? "good" : "bad") : undefined}>
      <div className={classes.chainText} aria-live="polite">
        {verify.error ? (
          <ProblemAlert error={verify.error} />
        ) : result ? (
          <>
            <Lamp
              state={result.ok ? "good" : "danger"}
              label={
                result.ok
                  ? t("audit.good", { count: result.checked })
                  : t("audit.bad", { seq: result.first_bad_seq ?? 0 })
              }
            />
            {result.detail && <span>{result.detail}</span>}
            <span className="hf-mono hf-dim">
              {t("audit.head", { hash: result.head.slice(0, 16) })}
            </span>
          </>
        ) : (
          <span className="hf-dim">{t("audit.unverified")}</span>
        )}
      </div>
      <Button
        size="xs"
        variant="default"
        loading={verify.isPending}
        onClick={() => verify.mutate()}
      >
        {t("audit.verify")}
      </Button>
    </div>
  );
}
