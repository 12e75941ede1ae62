import { Button } from "@mantine/core";
import { IconFingerprint } from "@tabler/icons-react";
import { useState } from "react";
import { t } from "@/i18n";
import { Notice } from "@/ui/Notice";
import { ProblemAlert } from "@/ui/ProblemAlert";

interface Props {
  /** False when the person closed the browser's window, or it waited too long. */
  readonly run: () => Promise<boolean>;
  readonly onDone: () => void | Promise<void>;
  /** True when the refusal is dealt with elsewhere. */
  readonly onRefused?: (error: unknown) => boolean;
  readonly variant?: "filled" | "default";
}

/** Hands over to the browser, which asks for the passkey in a window of its own. */
export function PasskeyButton({ run, onDone, onRefused, variant = "filled" }: Props) {
  const [isBusy, setBusy] = useState(false);
  const [wasClosed, setClosed] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const go = async () => {
    if (isBusy) return;
    setBusy(true);
    setClosed(false);
    setError(null);
    try {
      if (await run()) await onDone();
      else setClosed(true);
    } catch (cause) {
      if (!onRefused?.(cause)) setError(cause);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="hf-stack" aria-live="polite">
      {error !== null && <ProblemAlert error={error} />}
      {wasClosed && <Notice tone="caution">{t("passkey.closed")}</Notice>}
      <div>
        <Button
          variant={variant}
          loading={isBusy}
          leftSection={<IconFingerprint size={17} aria-hidden />}
          onClick={() => void go()}
          data-autofocus
        >
          {t("second.use.passkey")}
        </Button>
      </div>
    </div>
  );
}
