import { Button } from "@mantine/core";
import type { RecoveryKit } from "@/api/types";
import { t } from "@/i18n";
import { StepList, type Step } from "@/ui/StepList";
import type { BackupAct } from "./BackupAnswer";
import type { Safety } from "./rules";

interface Props {
  readonly safety: Safety;
  readonly kits: readonly RecoveryKit[];
  readonly isRunning: boolean;
  readonly onAct: (act: BackupAct) => void;
  readonly onRun: () => void;
}

/** Leads from nothing to a box that can be brought back; gone once it can. */
export function FirstBackup({ safety, kits, isRunning, onAct, onRun }: Props) {
  const { hasTarget, hasKit, isKitProved, hasBackup } = safety;
  if (hasTarget && hasKit && isKitProved && hasBackup) return null;
  const kit = kits.find((one) => !one.retired_at && !one.confirmed_at);
  const steps: Step[] = [
    {
      key: "target",
      isDone: hasTarget,
      title: t("backups.steps.target"),
      text: t("backups.steps.targetText"),
      action: <Act label={t("target.new")} onAct={() => onAct({ kind: "target-new" })} />,
    },
    {
      key: "kit",
      isDone: hasKit,
      title: t("backups.steps.kit"),
      text: t("backups.steps.kitText"),
      action: hasTarget && <Act label={t("kit.new")} onAct={() => onAct({ kind: "kit-new" })} />,
    },
    {
      key: "prove",
      isDone: isKitProved,
      title: t("backups.steps.prove"),
      text: t("backups.steps.proveText"),
      action: kit && <Act label={t("kit.prove")} onAct={() => onAct({ kind: "kit-prove", kit })} />,
    },
    {
      key: "first",
      isDone: hasBackup,
      title: t("backups.steps.first"),
      text: t("backups.steps.firstText"),
      action: hasTarget && hasKit && !isRunning && (
        <Act label={t("backups.runNow")} onAct={onRun} />
      ),
    },
  ];
  return <StepList title={t("backups.steps.title")} steps={steps} />;
}

function Act({ label, onAct }: { readonly label: string; readonly onAct: () => void }) {
  return (
    <Button size="compact-sm" onClick={onAct}>
      {label}
    </Button>
  );
}
