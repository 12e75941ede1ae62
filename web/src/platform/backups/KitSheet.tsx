import { lazy, Suspense } from "react";
import type { RecoveryKits } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Paper } from "@/ui/Paper";
import { RECOVER, WITHOUT_HOLDFAST } from "./kit";
import type { FreshKit } from "./NewKit";
import classes from "./backups.module.css";

const QrCode = lazy(() => import("../trust/QrCode"));

/** The kit on paper: everything a stranger with a bare machine needs beside the backups. */
export function KitSheet({ fresh, box }: { readonly fresh: FreshKit; readonly box: RecoveryKits }) {
  const format = useFormat();
  const { kit, keys } = fresh;
  const lines = [
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
        <div className={classes.sheetKey}>
          <div>
            <h2>{t("kit.key")}</h2>
            <code translate="no">{keys.identity}</code>
            <p>{t("kit.sheetKept", { name: kit.name })}</p>
          </div>
          <Suspense fallback={null}>
            <QrCode text={keys.identity} label={t("kit.qr")} className={classes.sheetQr} />
          </Suspense>
        </div>
        <dl>
          {lines.map(([label, value]) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd translate="no">{value}</dd>
            </div>
          ))}
        </dl>
        <h2>{t("kit.sheetRecover")}</h2>
        <code translate="no">{RECOVER.replace("THIS_FILE", "kit.txt")}</code>
        <h2>{t("kit.sheetWithout")}</h2>
        <code translate="no">{WITHOUT_HOLDFAST.replace("THIS_FILE", "kit.txt")}</code>
      </div>
    </Paper>
  );
}
