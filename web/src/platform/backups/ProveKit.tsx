import { Button } from "@mantine/core";
import { useState, type FormEvent } from "react";
import type { RecoveryKit, RecoveryKits } from "@/api/types";
import { t } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { openChallenge } from "./kit";
import { checkKit, KitField } from "./KitField";
import { challengeKit, confirmKit } from "./queries";
import classes from "./backups.module.css";

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
  const [text, setText] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isSending, setSending] = useState(false);

  const prove = async () => {
    const held = await checkKit(text, { boxId: box.box_id, kit });
    if (typeof held === "string") return setFault(held);
    const proof = await openChallenge(held.identity, await challengeKit(kit.id));
    if (proof === null) return setFault(t("kit.fault.closed"));
    await confirmKit(kit.id, proof);
    await onProved(t("kit.proveDone", { name: kit.name }));
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isSending) return;
    setSending(true);
    setFault(null);
    setError(null);
    try {
      await prove();
    } catch (cause) {
      setError(cause);
    } finally {
      setSending(false);
    }
  };
  return (
    <Dialog isWork title={t("kit.proveTitle", { name: kit.name })} onClose={onClose}>
      <form className={classes.stack} onSubmit={(event) => void submit(event)} noValidate>
        <p className={classes.text}>{t("kit.proveBody")}</p>
        <p className={classes.note}>{t("kit.proveStays")}</p>
        {error !== null && <ProblemAlert error={error} />}
        <KitField
          text={text}
          error={fault}
          onChange={(next) => {
            setText(next);
            setFault(null);
          }}
        />
        <div className={classes.buttons}>
          <Button type="submit" loading={isSending}>
            {t("kit.proveNow")}
          </Button>
          <Button variant="default" onClick={onClose}>
            {t("kit.proveLater")}
          </Button>
          {onBack && (
            <Button variant="subtle" onClick={onBack}>
              {t("kit.proveBack")}
            </Button>
          )}
        </div>
      </form>
    </Dialog>
  );
}
