import { lazy, Suspense } from "react";
import type { BackupTarget, RecoveryKits } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Paper } from "@/ui/Paper";
import { RECOVER, WITHOUT_HOLDFAST } from "./kit";
import type { FreshKit } from "./NewKit";
import { placeOf } from "./targets/kinds";
import classes from "./backups.module.css";

const QrCode = lazy(() => import("../trust/QrCode"));

interface Props {
  readonly fresh: FreshKit;
  readonly box: RecoveryKits;
  readonly targets: readonly BackupTarget[];
}

/** The kit on paper: everything a stranger with a bare machine needs beside the backups. */
export function KitSheet({ fresh, box, targets }: Props) {
  const format = useFormat();
  const { kit, keys } = fresh;
  const lines = [
    [t("kit.sheetKept"), kit.name],
    [t("kit.sheetBox"), `${box.box_name} · ${box.box_id}`],
    [t("kit.sheetSigningKey"), box.signing_key],
    [t("kit.sheetPublic"), keys.recipient],
    [t("kit.sheetCreated"), format.exact(kit.created_at)],
  ] as const;
  return (
    <Paper>
      <div className={classes.sheet}>
        <h1>{t("kit.sheet", { name: box.box_name })}</h1>
        <p>{t("kit.sheetWarning")}</p>
        <h2>{t("kit.key")}</h2>
        <code className={classes.sheetKey} translate="no">
          {keys.identity}
        </code>
        <div className={classes.sheetFacts}>
          <dl>
            {lines.map(([label, value]) => (
              <div key={label}>
                <dt>{label}</dt>
                <dd translate="no">{value}</dd>
              </div>
            ))}
          </dl>
          <Suspense fallback={null}>
            <QrCode text={keys.identity} label={t("kit.qr")} className={classes.sheetQr} />
          </Suspense>
        </div>
        <h2>{t("kit.sheetTargets")}</h2>
        <ul>
          {targets.map((one) => (
            <li key={one.id}>
              <bdi>{one.name}</bdi>: <code translate="no">{placeOf(one)}</code>
            </li>
          ))}
        </ul>
        <h2>{t("kit.sheetRecover")}</h2>
        <code translate="no">{RECOVER.replace("THIS_FILE", "kit.txt")}</code>
        <h2>{t("kit.sheetWithout")}</h2>
        <code translate="no">{WITHOUT_HOLDFAST.replace("THIS_FILE", "kit.txt")}</code>
      </div>
    </Paper>
  );
}
