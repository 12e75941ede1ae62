import type { Schedule } from "@/api/types";
import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { t } from "@/i18n";
import { Loaded } from "@/ui/Loaded";
import { Section } from "@/ui/Page";
import { Tag } from "@/ui/Tag";
import { toastDone, toastFailed } from "@/ui/toast";
import { When } from "@/ui/values";
import { runJob, schedulesQuery } from "./queries";
import { isActive } from "./rules";
import { ScheduleDialog } from "./ScheduleDialog";
import { jobTitle, planText, stateName, stateTone } from "./words";
import classes from "./jobs.module.css";

/** What runs by itself, when it did last and will next; and a way to have it now. */
export function Schedules({
  workspace,
  mayRun,
  onStarted,
}: {
  readonly workspace: string | null;
  readonly mayRun: boolean;
  readonly onStarted: (id: string) => void;
}) {
  const plans = useQuery(schedulesQuery(workspace));
  return (
    <div className={classes.plansFrame}>
      <Section title={t("jobs.schedules")}>
        <Loaded query={plans} lines={2}>
          {(rows) =>
            rows.length === 0 ? (
              <p className="hf-dim" style={{ margin: 0 }}>
                {t("jobs.noSchedules")}
              </p>
            ) : (
              <ul className={classes.plans}>
                {rows.map((plan) => (
                  <Plan
                    key={plan.kind}
                    workspace={workspace}
                    plan={plan}
                    mayRun={mayRun}
                    onStarted={onStarted}
                  />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Section>
    </div>
  );
}

function Plan({
  workspace,
  plan,
  mayRun,
  onStarted,
}: {
  readonly workspace: string | null;
  readonly plan: Schedule;
  readonly mayRun: boolean;
  readonly onStarted: (id: string) => void;
}) {
  const client = useQueryClient();
  const [isSending, setSending] = useState(false);
  const [isEditing, setEditing] = useState(false);
  const title = jobTitle(plan);
  const run = async () => {
    setSending(true);
    try {
      const job = await runJob(workspace, plan.kind);
      await client.invalidateQueries({ queryKey: ["job", workspace ?? "box"] });
      onStarted(job.id);
    } catch (cause) {
      toastFailed(cause);
    } finally {
      setSending(false);
    }
  };
  const { last } = plan;
  return (
    <li className={classes.plan}>
      <span className={classes.planName}>
        <strong>{title}</strong>
        <div className={classes.small}>{planText(plan)}</div>
      </span>
      <span className={classes.fact}>
        <span className={classes.small}>{t("jobs.last")}</span>
        <span className="hf-flow">
          {last ? (
            <>
              <Tag tone={stateTone(last.state)}>{stateName(last.state)}</Tag>
              <When at={last.finished_at ?? last.started_at ?? last.created_at} />
            </>
          ) : (
            t("jobs.never")
          )}
        </span>
      </span>
      <span className={classes.fact}>
        <span className={classes.small}>{t("jobs.next")}</span>
        {plan.next_run_at ? <When at={plan.next_run_at} /> : "–"}
      </span>
      <span className={classes.planActs}>
        {workspace === null && (
          <Button
            size="xs"
            variant="default"
            onClick={() => setEditing(true)}
            aria-label={t("jobs.planEditOf", { name: title })}
          >
            {t("jobs.planEdit")}
          </Button>
        )}
        {mayRun && (
          <Button
            size="xs"
            variant="default"
            loading={isSending || (last ? isActive(last) : false)}
            onClick={() => void run()}
            aria-label={t("jobs.runNowOf", { name: title })}
          >
            {t("jobs.runNow")}
          </Button>
        )}
      </span>
      {isEditing && (
        <ScheduleDialog
          plan={plan}
          onSaved={() => {
            setEditing(false);
            toastDone(t("jobs.planSaved", { name: title }));
            void client.invalidateQueries({ queryKey: ["job"] });
          }}
          onClose={() => setEditing(false)}
        />
      )}
    </li>
  );
}
