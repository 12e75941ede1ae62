import { Button } from "@mantine/core";
import { t, useFormat } from "@/i18n";
import { LeaveGuard } from "@/ui/form";
import { KeepButtons } from "@/ui/KeepButtons";
import { Notice } from "@/ui/Notice";
import { Paper } from "@/ui/Paper";
import { useMe } from "../queries";
import classes from "./factors.module.css";

const FILE_NAME = "holdfast-backup-codes.txt";

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
      <KeepButtons text={codes.join("\n")} file={{ name: FILE_NAME, text: file }} />
      <Notice tone="caution">{t("backup.once")}</Notice>
      <div>
        <Button onClick={onDone}>{t("backup.kept")}</Button>
      </div>
      <Paper>
        <div className={classes.sheet}>
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
        </div>
      </Paper>
    </div>
  );
}
