import { Button } from "@mantine/core";
import { useQueryClient, type UseQueryResult } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { UpdatePlan } from "@/api/types";
import { t } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { DialogFoot } from "@/ui/DialogFoot";
import { Loaded } from "@/ui/Loaded";
import { Notice } from "@/ui/Notice";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { wasCancelled } from "@/ui/refusal";
import { toastDone } from "@/ui/toast";
import { PlanFacts } from "./PlanFacts";
import { UPDATES_KEY } from "./queries";
import { digestLeftMs } from "./rules";

interface Props {
  readonly query: UseQueryResult<UpdatePlan>;
  readonly title: string;
  readonly confirmLabel: string;
  readonly onConfirm: (digest: string) => Promise<unknown>;
  readonly onClose: () => void;
}

/** A plan, and the button that carries out what was seen of it. */
export function ConfirmPlan({ query, title, confirmLabel, onConfirm, onClose }: Props) {
  const client = useQueryClient();
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const isOld = useIsOld(query.data);
  const confirm = async (digest: string) => {
    setSending(true);
    setError(null);
    try {
      await onConfirm(digest);
      toastDone(t("updates.confirmed"));
      onClose();
    } catch (cause) {
      if (!wasCancelled(cause)) setError(cause);
    } finally {
      setSending(false);
      await client.invalidateQueries({ queryKey: [...UPDATES_KEY, "status"] });
    }
  };
  return (
    <Dialog isWork size="lg" title={title} onClose={onClose}>
      <div className="hf-stack">
        <Loaded query={query} lines={6}>
          {(plan) => <PlanFacts plan={plan} />}
        </Loaded>
        {query.data && <p className="hf-text">{t("updates.confirmHelp")}</p>}
        {isOld && <Notice tone="caution">{t("updates.planOld")}</Notice>}
        {error !== null && <ProblemAlert error={error} />}
        <DialogFoot onClose={onClose}>
          {query.data &&
            (isOld ? (
              <Button loading={query.isFetching} onClick={() => void query.refetch()}>
                {t("updates.lookAgain")}
              </Button>
            ) : (
              <Button loading={isSending} onClick={() => void confirm(query.data.digest)}>
                {confirmLabel}
              </Button>
            ))}
        </DialogFoot>
      </div>
    </Dialog>
  );
}

/** Whether the digest of a plan has run out; it is watched while the plan is shown. */
function useIsOld(plan: UpdatePlan | undefined): boolean {
  const [old, setOld] = useState<string | null>(null);
  useEffect(() => {
    if (!plan) return;
    const timer = setTimeout(() => setOld(plan.digest), digestLeftMs(plan.expires_at, Date.now()));
    return () => clearTimeout(timer);
  }, [plan]);
  return plan !== undefined && old === plan.digest;
}
