import type { Backup, BackupTarget, RecoveryKit } from "@/api/types";
import { t } from "@/i18n";
import { Notice } from "@/ui/Notice";

interface Props {
  readonly backups: readonly Backup[];
  readonly kits: readonly RecoveryKit[];
  readonly targets: readonly BackupTarget[];
}

/** What is wrong, worst first, each with what to do; nothing when nothing is. */
export function Troubles({ backups, kits, targets }: Props) {
  const newest = backups.find((one) => one.state !== "running");
  const inUse = kits.filter((kit) => !kit.retired_at);
  const isUnproved = newest !== undefined && inUse.every((kit) => !kit.confirmed_at);
  return (
    <>
      {newest?.state === "failed" && (
        <Notice tone="danger" title={t("backups.trouble.failed")}>
          <span lang="en">{newest.detail}</span> {t("backups.trouble.failedDo")}
        </Notice>
      )}
      {isUnproved && (
        <Notice tone="caution" title={t("backups.trouble.kit")}>
          {t("backups.trouble.kitDo")}
        </Notice>
      )}
      {targets
        .filter((one) => one.last && !one.last.ok)
        .map((one) => (
          <Notice
            key={one.id}
            tone="danger"
            title={t("backups.trouble.target", { name: one.name })}
          >
            <span lang="en">{one.last?.detail}</span>
          </Notice>
        ))}
    </>
  );
}
