import { useState } from "react";
import type { BackupTarget, Tried } from "@/api/types";
import { t } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { LastTry } from "../notices/box/LastTry";
import { testTarget } from "./queries";
import classes from "./backups.module.css";

interface Props {
  readonly target: BackupTarget;
  readonly onTried: () => Promise<void>;
  readonly onClose: () => void;
}

/** Tries a target right now and says what worked and what did not. */
export function TestTarget({ target, onTried, onClose }: Props) {
  const [outcome, setOutcome] = useState<Tried | null>(null);
  return (
    <Confirm
      opened
      title={t("target.testTitle", { name: target.name })}
      confirmLabel={t(outcome ? "target.testAgain" : "target.testNow")}
      cancelLabel={t("ui.close")}
      isDanger={false}
      onClose={onClose}
      onConfirm={async () => {
        setOutcome(null);
        try {
          setOutcome(await testTarget(target.id));
        } finally {
          await onTried();
        }
      }}
    >
      <div className={classes.stack} aria-live="polite">
        <p className={classes.text}>{t("target.testBody")}</p>
        {outcome && <LastTry last={outcome} />}
      </div>
    </Confirm>
  );
}
