import { lazy, Suspense } from "react";
import type { BackupTarget, RecoveryKits } from "@/api/types";
import { t } from "@/i18n";
import { KeepButtons } from "@/ui/KeepButtons";
import { SecretDialog } from "@/ui/SecretDialog";
import { kitFileName } from "./kit";
import { KitSheet } from "./KitSheet";
import type { FreshKit } from "./NewKit";
import classes from "./backups.module.css";

const QrCode = lazy(() => import("../trust/QrCode"));

interface Props {
  readonly fresh: FreshKit;
  readonly box: RecoveryKits;
  readonly targets: readonly BackupTarget[];
  readonly onKept: () => void;
}

/** The kit, with its private key, this one time. */
export function KitShown({ fresh, box, targets, onKept }: Props) {
  const { kit, keys, text } = fresh;
  const [head, rest] = text.split(keys.identity);
  return (
    <SecretDialog
      title={t("kit.shownTitle", { name: kit.name })}
      warning={t("kit.shownOnce")}
      doneLabel={t("kit.kept")}
      onClose={onKept}
    >
      <div className={classes.kit}>
        <pre className={classes.kitText} tabIndex={0} aria-label={t("kit.file")}>
          <code className="hf-mono" translate="no">
            {head}
            <span className={classes.kitKey}>{keys.identity}</span>
            {rest}
          </code>
        </pre>
        <Suspense fallback={null}>
          <QrCode text={keys.identity} label={t("kit.qr")} className={classes.qr} />
        </Suspense>
      </div>
      <KeepButtons text={text} file={{ name: kitFileName(box.box_name), text }} />
      <KitSheet fresh={fresh} box={box} targets={targets} />
    </SecretDialog>
  );
}
