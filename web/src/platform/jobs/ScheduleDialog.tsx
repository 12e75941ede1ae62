import { newKey } from "@/api/client";
import type { Schedule } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { FormFrame, SwitchField, TextField, useForm } from "@/ui/form";
import { nextTimes, readPlan } from "./cron";
import { changeSchedule } from "./queries";
import { cronText, jobTitle } from "./words";
import classes from "./jobs.module.css";

const TIMES = 3;

interface Props {
  readonly plan: Schedule;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

/** When a job runs by itself, and whether it does. */
export function ScheduleDialog({ plan, onSaved, onClose }: Props) {
  const title = t("jobs.planTitle", { name: jobTitle(plan) });
  const form = useForm({
    initial: { cron: plan.cron, isOn: plan.is_on },
    newKey,
    validate: (values) => ({ cron: values.cron.trim() ? null : t("form.needed") }),
    send: async ({ cron, isOn }) => {
      const text = cron.trim();
      // What the program brings may come to another minute on every box; that is kept.
      const isDefault = text === plan.cron_default;
      await changeSchedule(plan.kind, { cron: isDefault ? null : text, is_on: isOn });
      onSaved();
    },
  });
  return (
    <Dialog isWork title={title} onClose={onClose}>
      <FormFrame
        hasHint={false}
        form={form}
        label={title}
        submitLabel={t("jobs.planSave")}
        onCancel={onClose}
      >
        <SwitchField form={form} name="isOn" path="is_on" label={t("jobs.planOn")} />
        <TextField
          form={form}
          name="cron"
          label={t("jobs.planCron")}
          help={t("jobs.planCronHelp", { plan: plan.cron_default })}
          maxLength={100}
        />
        {form.values.isOn ? (
          <PlanReading text={form.values.cron} zone={plan.time_zone} />
        ) : (
          <p className="hf-note">{t("jobs.planNever")}</p>
        )}
      </FormFrame>
    </Dialog>
  );
}

/** What was typed, in words, and when that is. */
function PlanReading({ text, zone }: { readonly text: string; readonly zone: string }) {
  const format = useFormat();
  const plan = readPlan(text);
  const times = plan ? nextTimes(plan, Date.now(), TIMES) : [];
  return (
    <div aria-live="polite" className={classes.fact}>
      {plan ? (
        <>
          <strong>{cronText(text, zone)}</strong>
          <span className={classes.small}>{t("jobs.planNext")}</span>
          <ul className={classes.times}>
            {times.map((at) => (
              <li key={at} className="hf-number">
                {format.dateTime(at)}
              </li>
            ))}
          </ul>
        </>
      ) : (
        <span className={classes.small}>{t("jobs.planUnread")}</span>
      )}
    </div>
  );
}
