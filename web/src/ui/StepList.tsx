import { IconCircle, IconCircleCheckFilled } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { t } from "@/i18n";
import { Section } from "./Page";
import classes from "./StepList.module.css";

export interface Step {
  readonly key: string;
  readonly isDone: boolean;
  readonly title: string;
  /** Why it is to be done; gone once it is. */
  readonly text: string;
  readonly action: ReactNode;
}

interface Props {
  readonly title: string;
  readonly steps: readonly Step[];
  /** Beside how many are done. */
  readonly aside?: ReactNode;
}

/** What is to be done once, in its order, with what is done ticked off. */
export function StepList({ title, steps, aside }: Props) {
  const done = steps.filter((step) => step.isDone).length;
  return (
    <Section
      title={title}
      aside={
        <span className={classes.aside}>
          <span className="hf-dim">{t("steps.progress", { done, all: steps.length })}</span>
          {aside}
        </span>
      }
    >
      <ol className={classes.steps}>
        {steps.map((step) => (
          <li key={step.key} className={classes.step} data-done={step.isDone || undefined}>
            {step.isDone ? (
              <IconCircleCheckFilled size={20} aria-label={t("steps.done")} />
            ) : (
              <IconCircle size={20} stroke={1.6} aria-label={t("steps.open")} />
            )}
            <span>
              <span className={classes.title}>{step.title}</span>
              {!step.isDone && <span className={classes.text}> {step.text}</span>}
            </span>
            {!step.isDone && step.action && <span className={classes.action}>{step.action}</span>}
          </li>
        ))}
      </ol>
    </Section>
  );
}
