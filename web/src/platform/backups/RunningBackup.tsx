import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Job } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { Section } from "@/ui/Page";
import { toastDone } from "@/ui/toast";
import { ProgressBar } from "../jobs/ProgressBar";
import { cancelJob } from "../jobs/queries";
import { percentOf } from "../jobs/rules";
import { spanText } from "../jobs/words";
import { BACKUP_KEY } from "./queries";
import { paceOf } from "./rules";
import classes from "./backups.module.css";

interface Props {
  readonly job: Job;
  /** When its progress was read. */
  readonly readAt: number;
}

/** The backup that is being made: how far, how quick, how long; and a way to stop it. */
export function RunningBackup({ job, readAt }: Props) {
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const percent = percentOf(job.progress);
  const title = t(job.state === "waiting" ? "backups.waiting" : "backups.running");
  return (
    <Section
      title={title}
      aside={
        job.can_cancel && (
          <Button size="compact-sm" variant="default" onClick={() => setAsking(true)}>
            {t("backups.cancel")}
          </Button>
        )
      }
    >
      <div className={classes.progress}>
        <ProgressBar job={job} label={title} />
        {percent !== null && <span className="hf-number">{t("job.percent", { percent })}</span>}
      </div>
      <p className="hf-small">
        <Pace job={job} readAt={readAt} />
      </p>
      <Confirm
        opened={isAsking}
        title={t("backups.cancelTitle")}
        confirmLabel={t("backups.cancel")}
        cancelLabel={t("ui.close")}
        onClose={() => setAsking(false)}
        onConfirm={async () => {
          await cancelJob(null, job.id);
          setAsking(false);
          toastDone(t("backups.cancelled"));
          await client.invalidateQueries({ queryKey: BACKUP_KEY });
        }}
      >
        {t("backups.cancelBody")}
      </Confirm>
    </Section>
  );
}

function Pace({ job, readAt }: Props) {
  const format = useFormat();
  const { progress } = job;
  if (job.state === "waiting" || !progress || progress.total === 0) return null;
  if (progress.done >= progress.total) return t("backups.sending");
  const pace = paceOf(job, readAt);
  return [
    t("backups.reading"),
    t("backups.readSoFar", {
      done: format.bytes(progress.done),
      total: format.bytes(progress.total),
    }),
    pace && t("backups.speed", { size: format.bytes(pace.bytesPerSecond) }),
    pace && t("backups.left", { span: spanText(pace.leftMs) }),
  ]
    .filter(Boolean)
    .join(" · ");
}
