import { Button } from "@mantine/core";
import { lazy, Suspense, type ReactNode } from "react";
import { t } from "@/i18n";
import { CopyText } from "@/ui/CopyText";
import { Dialog } from "@/ui/Dialog";
import { Notice } from "@/ui/Notice";
import classes from "./people.module.css";

const QrCode = lazy(() => import("../trust/QrCode"));

interface Props {
  readonly title: string;
  readonly link: string;
  /** What the link does and for how long. */
  readonly text: string;
  /** Why it has to be kept now. */
  readonly warning: string;
  readonly onClose: () => void;
  /** Buttons beside the one that closes it. */
  readonly more?: ReactNode;
}

/** A link with a secret in it: shown once, to be copied or held before a phone's camera. */
export function LinkDialog({ title, link, text, warning, onClose, more }: Props) {
  return (
    <Dialog isWork title={title} onClose={onClose}>
      <div className="hf-stack">
        <div className={classes.link}>
          <div className="hf-stack">
            <p className="hf-text">{text}</p>
            <CopyText text={link} label={t("invite.link")} />
          </div>
          <Suspense fallback={<div className={classes.qr} />}>
            <QrCode text={link} label={t("invite.qr")} className={classes.qr} />
          </Suspense>
        </div>
        <Notice tone="caution">{warning}</Notice>
        <div className="hf-flow">
          <Button onClick={onClose}>{t("invite.done")}</Button>
          {more}
        </div>
      </div>
    </Dialog>
  );
}
