import { useState } from "react";
import type { MyFactors } from "@/api/types";
import { t } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { BackupCodes } from "./BackupCodes";
import { PasskeySetup } from "./PasskeySetup";
import { TotpSetup } from "./TotpSetup";

/** Setting one up, or only the backup codes that were made. */
type Shown = "totp" | "passkey" | { readonly codes: readonly string[] };

interface Props {
  readonly shows: Shown;
  readonly factors: MyFactors;
  /** What the account has is different now. */
  readonly onChanged: () => void;
  readonly onClose: () => void;
}

/** Sets up a factor, then shows the backup codes until the person says that they are kept. */
export function FactorDialog({ shows, factors, onChanged, onClose }: Props) {
  const [made, setMade] = useState(typeof shows === "string" ? null : shows.codes);
  const enrolled = (fresh: readonly string[]) => {
    onChanged();
    if (fresh.length > 0) setMade(fresh);
    else onClose();
  };
  const holdsCodes = made !== null;
  return (
    <Dialog
      onClose={onClose}
      isWork
      isLocked={holdsCodes}
      title={t(holdsCodes ? "backup.title" : shows === "passkey" ? "passkey.title" : "totp.title")}
    >
      {holdsCodes ? (
        <BackupCodes codes={made} onDone={onClose} />
      ) : shows === "passkey" ? (
        <PasskeySetup
          isOffered={factors.passkeys_offered}
          origin={factors.passkeys_origin ?? null}
          onEnrolled={enrolled}
          onCancel={onClose}
        />
      ) : (
        <TotpSetup onEnrolled={enrolled} onCancel={onClose} />
      )}
    </Dialog>
  );
}
