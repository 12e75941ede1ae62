import { useQuery } from "@tanstack/react-query";
import { t } from "@/i18n";
import { ConfirmPlan } from "./ConfirmPlan";
import { confirmRollback, planRollback, UPDATES_KEY } from "./queries";

/** What going back would do, and the way to do it. */
export function RollbackDialog({ onClose }: { readonly onClose: () => void }) {
  const plan = useQuery({
    queryKey: [...UPDATES_KEY, "rollback"],
    queryFn: planRollback,
    staleTime: Infinity,
    gcTime: 0,
  });
  return (
    <ConfirmPlan
      query={plan}
      title={
        plan.data ? t("updates.planBack", { version: plan.data.to.version }) : t("updates.plan")
      }
      confirmLabel={t("updates.confirmBack")}
      onConfirm={confirmRollback}
      onClose={onClose}
    />
  );
}
