import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { t } from "@/i18n";
import { CopyText } from "./CopyText";
import { Dialog } from "./Dialog";
import { LeaveGuard } from "./form";
import { Notice } from "./Notice";
import classes from "./SecretDialog.module.css";

interface Props {
  readonly title: string;
  /** Why it has to be kept now. */
  readonly warning: string;
  /** How they say that it is kept. */
  readonly doneLabel?: string;
  readonly onClose: () => void;
  /** The secret and what belongs to it. */
  readonly children: ReactNode;
}

/** What the box shows only once, until the person says that it is kept. */
export function SecretDialog({ title, warning, doneLabel, onClose, children }: Props) {
  return (
    <Dialog isWork isLocked title={title} onClose={onClose}>
      <LeaveGuard isDirty isShown />
      <div className="hf-stack">
        <Notice tone="caution">{warning}</Notice>
        {children}
        <div>
          <Button onClick={onClose}>{doneLabel ?? t("ui.haveCopied")}</Button>
        </div>
      </div>
    </Dialog>
  );
}

/** One line of it, to be copied. */
export function SecretLine({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <div>
      <p className={classes.label}>{label}</p>
      <CopyText text={text} label={label} />
    </div>
  );
}

/** How it is used, with the secret left out. */
export function SecretUse({ label, code }: { readonly label: string; readonly code: string }) {
  return (
    <div>
      <p className={classes.label}>{label}</p>
      <pre className={classes.sample} tabIndex={0}>
        <code className="hf-mono" translate="no">
          {code}
        </code>
      </pre>
    </div>
  );
}
