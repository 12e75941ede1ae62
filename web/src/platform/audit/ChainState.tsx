import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { AuditState, AuditVerification } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Lamp } from "@/ui/Lamp";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { When } from "@/ui/values";
import { auditStateQuery, verifyAudit } from "./queries";
import classes from "./audit.module.css";

/** How long the log is, whether it is whole, and a way to have that checked now. */
export function ChainState({ workspace }: { readonly workspace: string | null }) {
  const client = useQueryClient();
  const state = useQuery(auditStateQuery(workspace));
  const verify = useMutation({
    mutationFn: () => verifyAudit(workspace),
    // The verification is an entry of its own.
    onSuccess: () => client.invalidateQueries({ queryKey: ["audit", workspace ?? "box"] }),
  });
  const isWhole = verify.data?.ok ?? state.data?.ok ?? null;
  const look = isWhole === null ? undefined : isWhole ? "good" : "bad";
  const error = verify.error ?? state.error;
  return (
    <div className={classes.chain} data-state={look}>
      <div className={classes.chainText} aria-live="polite">
        {error && <ProblemAlert error={error} />}
        {verify.data && !verify.error && <Verdict verdict={verify.data} />}
        {state.data && <Standing state={state.data} isJustVerified={verify.data !== undefined} />}
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

function Verdict({ verdict }: { readonly verdict: AuditVerification }) {
  return (
    <>
      <Lamp
        state={verdict.ok ? "good" : "danger"}
        label={
          verdict.ok
            ? t("audit.good", { count: verdict.checked })
            : t("audit.bad", { seq: verdict.first_bad_seq ?? 0 })
        }
      />
      {verdict.detail && <span>{verdict.detail}</span>}
    </>
  );
}

const HEAD_SHOWN = 16;

function Standing({
  state,
  isJustVerified,
}: {
  readonly state: AuditState;
  readonly isJustVerified: boolean;
}) {
  const format = useFormat();
  const { last_verified_at: verifiedAt } = state;
  return (
    <>
      {!isJustVerified &&
        (verifiedAt ? (
          <span className={classes.verified}>
            <Lamp
              state={state.ok ? "good" : "danger"}
              label={t(state.ok ? "audit.wasGood" : "audit.wasBad")}
            />
            <When at={verifiedAt} />
          </span>
        ) : (
          <Lamp state="caution" label={t("audit.unverified")} />
        ))}
      <span className="hf-dim">
        {t("audit.size", { count: state.size, shown: format.integer(state.size) })}
      </span>
      <span className="hf-dim">
        {t("audit.head")}{" "}
        <span className="hf-mono" translate="no" title={state.head}>
          {state.head.slice(0, HEAD_SHOWN)}
        </span>
      </span>
    </>
  );
}
