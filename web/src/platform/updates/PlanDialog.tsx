import { useQuery } from "@tanstack/react-query";
import { t } from "@/i18n";
import { ConfirmPlan } from "./ConfirmPlan";
import { confirmUpdate, planQuery } from "./queries";

/** The plan of the update that waits, and the way to carry it out. */
export function PlanDialog({ onClose }: { readonly onClose: () => void }) {
  const plan = useQuery(planQuery);
  return (
    <ConfirmPlan
      query={plan}
      title={plan.data ? t("updates.planOf", { version: plan.data.to.version }) : t("updates.plan")}
      confirmLabel={t("updates.confirm")}
      onConfirm={confirmUpdate}
      onClose={onClose}
    />
  );
}
