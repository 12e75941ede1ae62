import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Backup } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { Facts } from "@/ui/Facts";
import { Loaded } from "@/ui/Loaded";
import { Notice } from "@/ui/Notice";
import { toastDone, toastFailed } from "@/ui/toast";
import { jobQuery } from "../jobs/queries";
import { tookMs } from "../jobs/rules";
import { spanText } from "../jobs/words";
import { LevelTag } from "./LevelTag";
import { Copies } from "./Copies";
import { verifyBackup } from "./proofs";
import { BACKUP_KEY, backupQuery } from "./queries";
import { isThere, levelOf } from "./rules";
import { reasonName } from "./words";

export type BackupDeed = "drill" | "restore";

interface Props {
  readonly id: string;
  readonly onDeed: (deed: BackupDeed, backup: Backup) => void;
  readonly onClose: () => void;
}

/** One backup: what it holds, where it lies, how far it was checked. */
export function BackupDialog({ id, onDeed, onClose }: Props) {
  const backup = useQuery(backupQuery(id));
  const number = backup.data?.sequence;
  return (
    <Dialog
      title={typeof number === "number" ? t("backups.oneNumbered", { number }) : t("backups.one")}
      size="lg"
      onClose={onClose}
    >
      <Loaded query={backup} lines={6}>
        {(one) => (
          <div className="hf-stack">
            <Details backup={one} />
            {one.copies.length > 0 && <Copies copies={one.copies} />}
            {isThere(one) && <Deeds backup={one} onDeed={onDeed} />}
          </div>
        )}
      </Loaded>
    </Dialog>
  );
}

function Details({ backup }: { readonly backup: Backup }) {
  const format = useFormat();
  const level = levelOf(backup);
  const took = tookMs(backup, Date.now());
  const bytes = (value: number | null | undefined) =>
    typeof value === "number" ? format.bytes(value) : null;
  const fact = (label: string, value: string | null | undefined) =>
    value ? { label, value } : null;
  return (
    <>
      <p className="hf-text">
        <LevelTag level={level} /> {t(`backups.levelText.${level}`)}
      </p>
      {backup.detail && (
        <Notice tone={level === "failed" ? "danger" : "caution"}>
          <span lang="en">{backup.detail}</span>
        </Notice>
      )}
      <Facts
        facts={[
          fact(t("backups.taken"), backup.taken_at && format.exact(backup.taken_at)),
          fact(t("backups.reason"), reasonName(backup.reason)),
          fact(t("backups.started"), format.exact(backup.started_at)),
          fact(t("backups.finished"), backup.finished_at && format.exact(backup.finished_at)),
          fact(t("backups.took"), backup.finished_at && took !== null ? spanText(took) : null),
          fact(t("backups.verifiedAt"), backup.verified_at && format.exact(backup.verified_at)),
          fact(t("backups.drilledAt"), backup.drilled_at && format.exact(backup.drilled_at)),
          fact(t("backups.holds"), bytes(backup.source_bytes)),
          fact(t("backups.size"), bytes(backup.size_bytes)),
          backup.folder
            ? {
                label: t("backups.folder"),
                value: (
                  <span className="hf-mono" translate="no">
                    {backup.folder}
                  </span>
                ),
              }
            : null,
        ]}
      />
    </>
  );
}

/** What can be done with a backup that lies somewhere. */
function Deeds({
  backup,
  onDeed,
}: {
  readonly backup: Backup;
  readonly onDeed: (deed: BackupDeed, backup: Backup) => void;
}) {
  const client = useQueryClient();
  const [isSending, setSending] = useState(false);
  const verify = async () => {
    setSending(true);
    try {
      const job = await verifyBackup(backup.id);
      toastDone(t("backups.verifyBegun"));
      client.setQueryData(jobQuery(null, job.id).queryKey, job);
      await client.invalidateQueries({ queryKey: BACKUP_KEY });
    } catch (cause) {
      toastFailed(cause);
    } finally {
      setSending(false);
    }
  };
  return (
    <div className="hf-flow">
      <Button onClick={() => onDeed("restore", backup)}>{t("backups.restore")}</Button>
      <Button variant="default" onClick={() => onDeed("drill", backup)}>
        {t("backups.drill")}
      </Button>
      <Button variant="default" loading={isSending} onClick={() => void verify()}>
        {t("backups.verify")}
      </Button>
    </div>
  );
}
