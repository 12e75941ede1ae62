import { lazy, Suspense, type ReactNode } from "react";
import { t } from "@/i18n";
import { CopyText } from "@/ui/CopyText";
import { Notice } from "@/ui/Notice";
import classes from "./people.module.css";

const QrCode = lazy(() => import("../trust/QrCode"));

interface Props {
  readonly link: string;
  /** What the link does and for how long. */
  readonly text: string;
  /** Why it has to be kept now. */
  readonly warning: string;
  readonly buttons: ReactNode;
}

/** A link with a secret in it: shown once, to be copied or held before a phone's camera. */
export function LinkToSend({ link, text, warning, buttons }: Props) {
  return (
    <div className={classes.stack}>
      <div className={classes.link}>
        <div className={classes.stack}>
          <p className={classes.text}>{text}</p>
          <CopyText text={link} label={t("invite.link")} />
        </div>
        <Suspense fallback={<div className={classes.qr} />}>
          <QrCode text={link} label={t("invite.qr")} className={classes.qr} />
        </Suspense>
      </div>
      <Notice tone="caution">{warning}</Notice>
      <div className={classes.buttons}>{buttons}</div>
    </div>
  );
}
