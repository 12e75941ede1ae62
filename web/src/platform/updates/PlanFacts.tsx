import type { UpdateCheck, UpdatePlan } from "@/api/types";
import { t, tDynamic, useFormat } from "@/i18n";
import { Facts } from "@/ui/Facts";
import { Lamp } from "@/ui/Lamp";
import { Notice } from "@/ui/Notice";
import { spanText } from "../jobs/words";
import { Notes } from "./Notes";
import { short } from "./rules";
import classes from "./updates.module.css";

const SECOND_MS = 1_000;

/** What will be done, what was found in the rehearsal, and how it can be undone. */
export function PlanFacts({ plan }: { readonly plan: UpdatePlan }) {
  const isProven = plan.rollback === "proven-without-restore";
  return (
    <>
      <Facts
        facts={[
          {
            label: t("updates.fromTo"),
            value: t("updates.underWay", { from: plan.from.version, to: plan.to.version }),
          },
          plan.signers.length > 0
            ? {
                label: t("updates.signers"),
                value: (
                  <>
                    {t("updates.signersCount", { count: plan.signers.length })}{" "}
                    <span className={classes.key}>{plan.signers.map(short).join(", ")}</span>
                  </>
                ),
              }
            : null,
          { label: t("updates.pause"), value: spanText(plan.predicted_hold_ms) },
          plan.probation_s > 0
            ? { label: t("updates.watched"), value: spanText(plan.probation_s * SECOND_MS) }
            : null,
          plan.backup_id ? { label: t("updates.backup"), value: t("updates.backupMade") } : null,
          {
            label: t("updates.rollback"),
            value: (
              <Lamp
                state={isProven ? "good" : "caution"}
                label={tDynamic(`updates.rollback.${plan.rollback}`, plan.rollback)}
              />
            ),
          },
        ]}
      />
      {plan.rollback_reasons.map((reason) => (
        <p key={reason} className="hf-small" lang="en">
          {reason}
        </p>
      ))}
      <WayBack plan={plan} isProven={isProven} />
      <Rehearsal plan={plan} />
      {plan.notes && (
        <div>
          <h3>{t("updates.notes")}</h3>
          <Notes markdown={plan.notes} />
        </div>
      )}
    </>
  );
}

/** What becomes of what people wrote. */
function WayBack({ plan, isProven }: { readonly plan: UpdatePlan; readonly isProven: boolean }) {
  if (isProven || !plan.migrates) return <Notice tone="good">{t("updates.lostNone")}</Notice>;
  if (plan.kind !== "rollback") return <Notice tone="caution">{t("updates.lostLater")}</Notice>;
  return <Notice tone="danger">{t("updates.lost", { count: plan.rows_lost })}</Notice>;
}

function Rehearsal({ plan }: { readonly plan: UpdatePlan }) {
  const format = useFormat();
  const found = plan.rehearsal;
  if (!found) return null;
  return (
    <div>
      <h3>{t("updates.rehearsal")}</h3>
      <p className="hf-text">
        {t("updates.rehearsalSum", {
          files: format.integer(found.files),
          rows: format.integer(found.rows),
          span: spanText(found.took_ms),
          migrations: format.integer(found.migrations),
        })}
      </p>
      <Checks label={t("updates.failed")} checks={found.failed} />
      <Checks label={t("updates.withNew")} checks={found.with_new} />
      <Checks label={t("updates.withOld")} checks={found.with_old} />
      <Checks label={t("updates.skipped")} checks={found.skipped} />
    </div>
  );
}

function Checks({
  label,
  checks,
}: {
  readonly label: string;
  readonly checks: readonly UpdateCheck[];
}) {
  if (checks.length === 0) return null;
  return (
    <>
      <p className="hf-small">{label}</p>
      <ul className={classes.checks} aria-label={label} lang="en">
        {checks.map((check, at) => (
          <li key={at}>
            <Lamp
              state={check.is_ok ? "good" : "danger"}
              label={`${check.name}: ${t(check.is_ok ? "updates.check.ok" : "updates.check.bad")}`}
            />{" "}
            {check.detail && <span className="hf-small">{check.detail}</span>}
          </li>
        ))}
      </ul>
    </>
  );
}
