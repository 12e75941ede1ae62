import { t } from "@/i18n";
import type { Job } from "@/api/types";
import { isUnderWay, percentOf } from "./rules";
import classes from "./jobs.module.css";

/** How far a job is; a moving stripe while nobody can say. */
export function ProgressBar({ job, label }: { readonly job: Job; readonly label: string }) {
  const percent = percentOf(job.progress);
  if (!isUnderWay(job)) return null;
  return (
    <div
      className={classes.track}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(percent === null ? {} : { "aria-valuenow": percent })}
      aria-valuetext={percent === null ? t("job.unknownProgress") : t("job.percent", { percent })}
      data-unknown={percent === null || undefined}
    >
      <span style={percent === null ? undefined : { width: `${percent}%` }} />
    </div>
  );
}
