import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Job } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Loaded } from "@/ui/Loaded";
import { Notice } from "@/ui/Notice";
import { ProgressBar } from "../jobs/ProgressBar";
import { jobQuery } from "../jobs/queries";
import { isActive, percentOf } from "../jobs/rules";
import { paceOf } from "./rules";
import { spanText } from "../jobs/words";
import classes from "./backups.module.css";

interface Props {
  readonly id: string;
  /** Whose job it is; the box's without one. */
  readonly workspace?: string;
  readonly label: string;
  /** Where a failure can be mended at once: back to what was asked. */
  readonly onAgain?: () => void;
  /** Once it is done. */
  readonly children: (job: Job) => ReactNode;
}

/** A job inside a dialog: how far it is, why it failed, or what came of it. */
export function FollowedJob({ id, workspace, label, onAgain, children }: Props) {
  const job = useQuery(jobQuery(workspace ?? null, id));
  return (
    <div aria-live="polite" className="hf-stack">
      <Loaded query={job} lines={2}>
        {(one) =>
          isActive(one) ? (
            <Progress job={one} label={label} readAt={job.dataUpdatedAt} />
          ) : one.state === "done" ? (
            children(one)
          ) : (
            <Notice tone="danger" title={t("backups.jobFailed")}>
              <span lang="en">{one.problem?.detail}</span>
              {onAgain && (
                <div>
                  <Button size="xs" variant="default" mt={8} onClick={onAgain}>
                    {t("ui.back")}
                  </Button>
                </div>
              )}
            </Notice>
          )
        }
      </Loaded>
    </div>
  );
}

function Progress({
  job,
  label,
  readAt,
}: {
  readonly job: Job;
  readonly label: string;
  readonly readAt: number;
}) {
  const format = useFormat();
  const percent = percentOf(job.progress);
  const pace = paceOf(job, readAt);
  return (
    <div className={classes.job}>
      <p className="hf-text">{label}</p>
      <div className={classes.progress}>
        <ProgressBar job={job} label={label} />
        {percent !== null && <span className="hf-number">{t("job.percent", { percent })}</span>}
      </div>
      {pace && (
        <p className="hf-small">
          {t("backups.speed", { size: format.bytes(pace.bytesPerSecond) })} ·{" "}
          {t("backups.left", { span: spanText(pace.leftMs) })}
        </p>
      )}
      <p className="hf-small">{t("backups.jobGoesOn")}</p>
    </div>
  );
}
