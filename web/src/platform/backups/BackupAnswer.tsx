import { useQueryClient } from "@tanstack/react-query";
import type { BackupTarget, RecoveryKit, RecoveryKits } from "@/api/types";
import { t } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { toastDone } from "@/ui/toast";
import { NewKit } from "./NewKit";
import { ProveKit } from "./ProveKit";
import { BACKUP_KEY, retireKit } from "./queries";
import { removeTarget } from "./targets/queries";
import { SignInToTarget } from "./targets/SignInToTarget";
import { TargetDialog } from "./targets/TargetDialog";
import { TestTarget } from "./targets/TestTarget";

export type BackupAct =
  | { readonly kind: "target-new" }
  | {
      readonly kind: "target-test" | "target-edit" | "target-sign-in" | "target-remove";
      readonly target: BackupTarget;
    }
  | { readonly kind: "kit-new" }
  | { readonly kind: "kit-prove" | "kit-retire"; readonly kit: RecoveryKit };

interface Props {
  readonly act: BackupAct;
  readonly box: RecoveryKits;
  readonly targets: readonly BackupTarget[];
  readonly onAct: (act: BackupAct) => void;
  readonly onClose: () => void;
}

/** The dialog of what was chosen for a target or a kit, and its outcome. */
export function BackupAnswer({ act, box, targets, onAct, onClose }: Props) {
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: BACKUP_KEY });
  const done = async (text: string) => {
    await refresh();
    toastDone(text);
    onClose();
  };
  switch (act.kind) {
    case "target-new":
    case "target-edit":
      return (
        <TargetDialog
          {...(act.kind === "target-edit" ? { target: act.target } : {})}
          onSaved={(target) => {
            const { name } = target;
            toastDone(
              act.kind === "target-new" ? t("target.made", { name }) : t("target.saved", { name }),
            );
            void refresh();
            const needsSignIn = act.kind === "target-new" && target.kind === "onedrive";
            onAct({ kind: needsSignIn ? "target-sign-in" : "target-test", target });
          }}
          onClose={onClose}
        />
      );
    case "target-sign-in":
      return (
        <SignInToTarget
          target={act.target}
          onTest={() => onAct({ kind: "target-test", target: act.target })}
          onClose={onClose}
        />
      );
    case "target-test":
      return (
        <TestTarget
          target={act.target}
          onTried={refresh}
          onEdit={() => onAct({ kind: "target-edit", target: act.target })}
          onClose={onClose}
        />
      );
    case "target-remove": {
      const { id, name } = act.target;
      return (
        <Confirm
          opened
          title={t("target.removeTitle", { name })}
          confirmLabel={t("target.remove")}
          onClose={onClose}
          onConfirm={async () => {
            await removeTarget(id);
            await done(t("target.removed", { name }));
          }}
        >
          {t("target.removeBody")}
          {targets.length === 1 && <p>{t("target.removeLast")}</p>}
        </Confirm>
      );
    }
    case "kit-new":
      return (
        <NewKit box={box} targets={targets} onMade={refresh} onProved={done} onClose={onClose} />
      );
    case "kit-prove":
      return <ProveKit kit={act.kit} box={box} onProved={done} onClose={onClose} />;
    case "kit-retire": {
      const { id, name } = act.kit;
      return (
        <Confirm
          opened
          title={t("kit.retireTitle", { name })}
          confirmLabel={t("kit.retire")}
          onClose={onClose}
          onConfirm={async () => {
            await retireKit(id);
            await done(t("kit.retireDone", { name }));
          }}
        >
          {t("kit.retireBody")}
        </Confirm>
      );
    }
  }
}
