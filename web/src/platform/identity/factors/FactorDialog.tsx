import { Modal } from "@mantine/core";
import { useState } from "react";
import { t } from "@/i18n";
import { BackupCodes } from "./BackupCodes";
import { TotpSetup } from "./TotpSetup";

interface Props {
  /** Given when only the backup codes that were made are to be shown. */
  readonly codes: readonly string[] | null;
  /** What the account has is different now. */
  readonly onChanged: () => void;
  readonly onClose: () => void;
}

/** Sets up a factor, then shows the backup codes until the person says that they are kept. */
export function FactorDialog({ codes, onChanged, onClose }: Props) {
  const [made, setMade] = useState(codes);
  const enrolled = (fresh: readonly string[]) => {
    onChanged();
    if (fresh.length > 0) setMade(fresh);
    else onClose();
  };
  const holdsCodes = made !== null;
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      closeOnClickOutside={false}
      closeOnEscape={!holdsCodes}
      withCloseButton={!holdsCodes}
      title={t(holdsCodes ? "backup.title" : "totp.title")}
      closeButtonProps={{ "aria-label": t("ui.close") }}
    >
      {holdsCodes ? (
        <BackupCodes codes={made} onDone={onClose} />
      ) : (
        <TotpSetup onEnrolled={enrolled} onCancel={onClose} />
      )}
    </Modal>
  );
}
