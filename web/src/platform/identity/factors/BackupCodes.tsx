import { Button, CopyButton } from "@mantine/core";
import { IconCheck, IconCopy, IconDownload, IconPrinter } from "@tabler/icons-react";
import { createPortal } from "react-dom";
import { t, useFormat } from "@/i18n";
import { LeaveGuard } from "@/ui/form";
import { Notice } from "@/ui/Notice";
import { saveText } from "@/ui/saveFile";
import { useMe } from "../queries";
import classes from "./factors.module.css";

interface Props {
  readonly codes: readonly string[];
  readonly onDone: () => void;
}

/** Shown once. Whoever loses the phone and these needs somebody else to get in again. */
export function BackupCodes({ codes, onDone }: Props) {
  const me = useMe();
  const format = useFormat();
  const head = t("backup.sheet", {
    email: me.email,
    host: window.location.host,
    date: format.date(new Date().toISOString()),
  });
  const file = `${head}\n\n${codes.join("\n")}\n`;
  return (
    <div className="hf-stack">
      <LeaveGuard isDirty isShown />
      <p className="hf-text">{t("backup.lead")}</p>
      <ol className={classes.codes} aria-label={t("backup.title")}>
        {codes.map((code) => (
          <li key={code} className="hf-mono" translate="no">
            {code}
          </li>
        ))}
      </ol>
      <div className="hf-flow">
        <CopyButton value={codes.join("\n")}>
          {({ copied, copy }) => (
            <Button
              variant="default"
              onClick={copy}
              leftSection={
                copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />
              }
            >
              {copied ? t("ui.copied") : t("backup.copy")}
            </Button>
          )}
        </CopyButton>
        <Button
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
          onClick={() => saveText("holdfast-backup-codes.txt", file)}
        >
          {t("backup.download")}
        </Button>
        <Button
          variant="default"
          leftSection={<IconPrinter size={16} aria-hidden />}
          onClick={() => window.print()}
        >
          {t("backup.print")}
        </Button>
      </div>
      <Notice tone="caution">{t("backup.once")}</Notice>
      <div>
        <Button onClick={onDone}>{t("backup.kept")}</Button>
      </div>
      {createPortal(
        <div className={classes.sheet} aria-hidden>
          <h1>{t("backup.title")}</h1>
          <p>{head}</p>
          <ol>
            {codes.map((code) => (
              <li key={code} className="hf-mono">
                {code}
              </li>
            ))}
          </ol>
          <p>{t("backup.sheetUse")}</p>
        </div>,
        document.body,
      )}
    </div>
  );
}
