import { Button } from "@mantine/core";
import type { UpdateUnderWay } from "@/api/types";
import { t, tDynamic, useFormat } from "@/i18n";
import { Notice } from "@/ui/Notice";
import { Section } from "@/ui/Page";
import { Lamp } from "@/ui/Lamp";
import { spanText } from "../jobs/words";
import { PROGRESS_TOTAL, percentOf } from "./rules";
import classes from "./updates.module.css";

interface Props {
  readonly underWay: UpdateUnderWay;
  readonly onPlan: () => void;
  readonly onRollback: () => void;
}

/** The update that goes on: its parts so far, how far the present one is, and what comes. */
export function UnderWay({ underWay, onPlan, onRollback }: Props) {
  const format = useFormat();
  const { update, is_planned: isPlanned, begins_at: begins } = underWay;
  const until = underWay.probation_ends_at;
  const title = tDynamic(
    `updates.kind.${update.kind}`,
    t("updates.underWay", { from: update.from.version, to: update.to.version }),
    { from: update.from.version, to: update.to.version },
  );
  return (
    <Section
      title={title}
      aside={
        isPlanned && (
          <Button size="compact-sm" onClick={onPlan}>
            {t("updates.seePlan")}
          </Button>
        )
      }
    >
      <div className="hf-stack" aria-live="polite">
        <Parts underWay={underWay} />
        <Bar underWay={underWay} />
        {until && (
          <Notice tone="info">{t("updates.watchedUntil", { at: format.dateTime(until) })}</Notice>
        )}
        {until && update.kind === "update" && (
          <div>
            <Button size="compact-sm" variant="default" onClick={onRollback}>
              {t("updates.goBack", { version: update.from.version })}
            </Button>
          </div>
        )}
        {begins && (
          <Notice tone="info">{t("updates.beginsAt", { at: format.dateTime(begins) })}</Notice>
        )}
      </div>
    </Section>
  );
}

function Parts({ underWay }: { readonly underWay: UpdateUnderWay }) {
  const { states } = underWay.update;
  return (
    <ol className={classes.steps} aria-label={t("updates.steps")}>
      {states.map((part, at) => {
        const isLast = at === states.length - 1;
        const name = tDynamic(`updates.state.${part.state}`, part.state);
        return (
          <li key={at} aria-current={isLast ? "step" : undefined}>
            <Lamp state={isLast ? "info" : "good"} label={name} />
            <span className="hf-dim hf-number">{spanText(part.duration_ms)}</span>
          </li>
        );
      })}
    </ol>
  );
}

function Bar({ underWay }: { readonly underWay: UpdateUnderWay }) {
  const percent = percentOf(underWay);
  if (percent === null) return null;
  const name = tDynamic(`updates.state.${underWay.state}`, underWay.state);
  return (
    <progress className={classes.bar} aria-label={name} value={percent} max={PROGRESS_TOTAL} />
  );
}
