import { Button } from "@mantine/core";
import type { RecoveryKit, RecoveryKits } from "@/api/types";
import { t } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { openChallenge } from "./kit";
import { KitForm } from "./KitForm";
import { challengeKit, confirmKit } from "./queries";

interface Props {
  readonly kit: RecoveryKit;
  readonly box: RecoveryKits;
  /** Back to the kit, while it can still be shown. */
  readonly onBack?: () => void;
  readonly onProved: (text: string) => Promise<void>;
  readonly onClose: () => void;
}

/** Shows that somebody holds a kit: its challenge is opened here, and only the answer is sent. */
export function ProveKit({ kit, box, onBack, onProved, onClose }: Props) {
  const prove = async (identity: string) => {
    const proof = await openChallenge(identity, await challengeKit(kit.id));
    if (proof === null) return t("kit.fault.closed");
    await confirmKit(kit.id, proof);
    await onProved(t("kit.proveDone", { name: kit.name }));
    return null;
  };
  return (
    <Dialog isWork title={t("kit.proveTitle", { name: kit.name })} onClose={onClose}>
      <KitForm
        box={box}
        kit={kit}
        lead={t("kit.proveBody")}
        note={t("kit.proveStays")}
        submitLabel={t("kit.proveNow")}
        cancelLabel={t("kit.proveLater")}
        extra={
          onBack && (
            <Button variant="subtle" onClick={onBack}>
              {t("kit.proveBack")}
            </Button>
          )
        }
        onCancel={onClose}
        onKit={prove}
      />
    </Dialog>
  );
}
