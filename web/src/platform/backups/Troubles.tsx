import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Backup, BackupState, BackupTarget } from "@/api/types";
import { t, tDynamic, useFormat } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { Notice } from "@/ui/Notice";
import { toastDone } from "@/ui/toast";
import { BACKUP_KEY, settleLiving } from "./queries";
import classes from "./backups.module.css";

interface Props {
  readonly backups: readonly Backup[];
  readonly state: BackupState;
  readonly targets: readonly BackupTarget[];
  readonly onRestore: (workspace: string) => void;
}

const UNPROVED = "kit-unconfirmed";
const SUPERSEDED = "backup-superseded";

/** What is wrong, worst first, each with what to do; nothing when nothing is. */
export function Troubles({ backups, state, targets, onRestore }: Props) {
  const format = useFormat();
  const newest = backups.find((one) => one.state !== "running");
  return (
    <div className={classes.troubles}>
      {newest?.state === "failed" && (
        <Notice tone="danger" title={t("backups.trouble.failed")}>
          <span lang="en">{newest.detail}</span> {t("backups.trouble.failedDo")}
        </Notice>
      )}
      {state.trouble.map(({ code, detail, workspace_id }) =>
        code === UNPROVED ? (
          <Notice key={code} tone="caution" title={t("backups.trouble.kit")}>
            {t("backups.trouble.kitDo")}
          </Notice>
        ) : (
          <Notice
            key={`${code} ${detail}`}
            tone="danger"
            title={tDynamic(`backups.trouble.${code}`, code)}
          >
            <span lang="en">{format.inText(detail)}</span>
            {code === SUPERSEDED && <Living />}
            {workspace_id && (
              <div>
                <Button size="xs" variant="default" mt={8} onClick={() => onRestore(workspace_id)}>
                  {t("backups.trouble.restore")}
                </Button>
              </div>
            )}
          </Notice>
        ),
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
      {state.drill_due && (
        <Notice tone="info" title={t("backups.trouble.drill")}>
          {t("backups.trouble.drillDo")}
        </Notice>
      )}
    </div>
  );
}

/** Two boxes have one identity: somebody has to say which of them goes on. */
function Living() {
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  return (
    <div>
      <Button size="xs" variant="default" mt={8} onClick={() => setAsking(true)}>
        {t("backups.trouble.living")}
      </Button>
      <Confirm
        opened={isAsking}
        title={t("backups.trouble.livingTitle")}
        confirmLabel={t("backups.trouble.living")}
        onClose={() => setAsking(false)}
        onConfirm={async () => {
          await settleLiving();
          setAsking(false);
          toastDone(t("backups.trouble.livingDone"));
          await client.invalidateQueries({ queryKey: BACKUP_KEY });
        }}
      >
        {t("backups.trouble.livingBody")}
      </Confirm>
    </div>
  );
}
