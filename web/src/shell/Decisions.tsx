import {
  IconAlertTriangle,
  IconBug,
  IconClockExclamation,
  IconHeartRateMonitor,
  IconLifebuoy,
  IconMailForward,
  IconTrash,
  type Icon,
} from "@tabler/icons-react";
import { Link, type ToOptions } from "@tanstack/react-router";
import type { MyWorkspace } from "@/api/types";
import { t } from "@/i18n";
import { Section } from "@/ui/Page";
import { useDecisions, type DecisionKind } from "./useDecisions";
import classes from "./today.module.css";

export interface Decision {
  readonly kind: DecisionKind;
  readonly key: string;
  readonly tone: "danger" | "caution" | "info";
  readonly text: string;
  readonly line?: string;
  readonly action: string;
  readonly to: ToOptions;
}

const ICONS: Readonly<Record<DecisionKind, Icon>> = {
  job: IconClockExclamation,
  invitation: IconMailForward,
  workspace: IconTrash,
  help: IconLifebuoy,
  box: IconHeartRateMonitor,
  errors: IconBug,
};

/** What waits for this person, worst first; nothing at all when nothing does. */
export function Decisions({ workspace }: { readonly workspace: MyWorkspace }) {
  const decisions = useDecisions(workspace);
  if (decisions.length === 0) return null;
  return (
    <Section title={t("today.decide")}>
      <ul className={classes.list}>
        {decisions.map((one) => {
          const Symbol = ICONS[one.kind] ?? IconAlertTriangle;
          return (
            <li key={one.key} className={classes.decision} data-tone={one.tone}>
              <Symbol size={19} stroke={1.7} aria-hidden />
              <span className={classes.sentence}>
                {one.text}
                {one.line && <div className={classes.line}>{one.line}</div>}
              </span>
              <Link {...one.to}>{one.action}</Link>
            </li>
          );
        })}
      </ul>
    </Section>
  );
}
