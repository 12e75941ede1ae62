import { Button } from "@mantine/core";
import type { BackupTarget, TargetTest, TriedStep } from "@/api/types";
import { t, tDynamic } from "@/i18n";
import { CopyText } from "@/ui/CopyText";
import { Lamp } from "@/ui/Lamp";
import { Notice } from "@/ui/Notice";
import { TryDialog } from "@/ui/TryDialog";
import { LastTry } from "../../notices/box/LastTry";
import { testTarget } from "./queries";
import classes from "../backups.module.css";

interface Props {
  readonly target: BackupTarget;
  readonly onTried: () => Promise<void>;
  /** On to what is known of it, where that is what failed. */
  readonly onEdit: () => void;
  readonly onClose: () => void;
}

/** Tries a target right now and says what worked and what did not. */
export function TestTarget({ target, onTried, onEdit, onClose }: Props) {
  return (
    <TryDialog
      title={t("target.testTitle", { name: target.name })}
      text={t("target.testBody")}
      tryLabel="target.testNow"
      againLabel="target.testAgain"
      send={() => testTarget(target.id)}
      onTried={onTried}
      onClose={onClose}
    >
      {(outcome) => <Outcome outcome={outcome} onEdit={onEdit} />}
    </TryDialog>
  );
}

function Outcome({
  outcome,
  onEdit,
}: {
  readonly outcome: TargetTest;
  readonly onEdit: () => void;
}) {
  const { host_key: hostKey, ok, detail } = outcome;
  // What it failed by stands above already.
  const steps = outcome.steps.map((one) =>
    one.detail === detail ? { ...one, detail: null } : one,
  );
  return (
    <>
      <LastTry last={outcome} />
      <TestSteps steps={steps} />
      {outcome.can_delete === false && <Notice tone="info">{t("target.appendOnly")}</Notice>}
      {outcome.can_delete === true && <p className="hf-note">{t("target.mayDelete")}</p>}
      {hostKey && (
        <div className="hf-stack">
          <p className="hf-text">{t("target.hostKeyShown")}</p>
          <CopyText text={hostKey} label={t("target.hostKey")} />
        </div>
      )}
      {!ok && (
        <div>
          <Button size="compact-sm" variant="default" onClick={onEdit}>
            {t("target.edit")}
          </Button>
        </div>
      )}
    </>
  );
}

/** What a test did, one after the other. */
export function TestSteps({ steps }: { readonly steps: readonly TriedStep[] }) {
  return (
    <ol className={classes.tries}>
      {steps.map((one) => (
        <li key={one.step}>
          <Lamp
            state={one.ok ? (one.detail ? "info" : "good") : "danger"}
            label={tDynamic(`target.step.${one.step}`, one.step)}
          />
          {one.detail && (
            <span className="hf-small" lang="en">
              {one.detail}
            </span>
          )}
        </li>
      ))}
    </ol>
  );
}
