import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Backup, RecoveryKits } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { DialogFoot } from "@/ui/DialogFoot";
import { Lamp } from "@/ui/Lamp";
import { FollowedJob } from "./FollowedJob";
import { KitForm } from "./KitForm";
import { drillBackup } from "./proofs";
import { BACKUP_KEY } from "./queries";
import { momentOf } from "./words";

interface Props {
  readonly backup: Backup;
  readonly box: RecoveryKits;
  readonly onClose: () => void;
}

/** A drill: somebody opens a backup with the kit they hold, as they would after a fire. */
export function DrillDialog({ backup, box, onClose }: Props) {
  const client = useQueryClient();
  const format = useFormat();
  const [job, setJob] = useState<string | null>(null);
  const date = format.dateTime(momentOf(backup));
  return (
    <Dialog isWork title={t("drill.title", { date })} onClose={onClose}>
      {job ? (
        <div className="hf-stack">
          <FollowedJob id={job} label={t("drill.running")} onAgain={() => setJob(null)}>
            {() => <Lamp state="good" label={t("drill.done")} />}
          </FollowedJob>
          <DialogFoot onClose={onClose} />
        </div>
      ) : (
        <KitForm
          box={box}
          lead={t("drill.lead")}
          submitLabel={t("drill.begin")}
          onCancel={onClose}
          onKit={async (identity) => {
            setJob((await drillBackup(backup.id, identity)).id);
            await client.invalidateQueries({ queryKey: BACKUP_KEY });
          }}
        />
      )}
    </Dialog>
  );
}
