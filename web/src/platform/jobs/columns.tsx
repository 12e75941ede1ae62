import { t } from "@/i18n";
import { Tag } from "@/ui/Tag";
import { PhoneRow, type Column } from "@/ui/table";
import { When } from "@/ui/values";
import { useMe } from "../identity/queries";
import { ProgressBar } from "./ProgressBar";
import type { Job } from "@/api/types";
import { percentOf, tookMs } from "./rules";
import { askedBy, jobTitle, spanText, stateName, stateTone } from "./words";
import classes from "./jobs.module.css";

export function jobColumns(isBox: boolean): readonly Column<Job>[] {
  return [
    {
      id: "state",
      header: t("jobs.state"),
      width: "104px",
      cell: (job) => <Tag tone={stateTone(job.state)}>{stateName(job.state)}</Tag>,
    },
    {
      id: "what",
      header: t("jobs.what"),
      width: "minmax(200px, 1.6fr)",
      cell: (job) => <span className="hf-clip">{jobTitle(job)}</span>,
    },
    ...(isBox
      ? [
          {
            id: "where",
            header: t("jobs.where"),
            width: "minmax(120px, 1fr)",
            cell: (job: Job) => <Where job={job} />,
          },
        ]
      : []),
    {
      id: "how",
      header: t("job.progress"),
      width: "minmax(140px, 1.4fr)",
      cell: (job) => <How job={job} />,
    },
    {
      id: "by",
      header: t("job.by"),
      width: "minmax(110px, 1fr)",
      cell: (job) => <By job={job} />,
    },
    {
      id: "when",
      header: t("job.asked"),
      width: "170px",
      cell: (job) => <When at={job.created_at} />,
    },
  ];
}

export function JobPhoneRow({ job }: { readonly job: Job }) {
  return (
    <PhoneRow
      title={jobTitle(job)}
      value={<Tag tone={stateTone(job.state)}>{stateName(job.state)}</Tag>}
      line={<How job={job} />}
      aside={<When at={job.created_at} />}
    />
  );
}

/** A bar while it runs, why it failed, or how long it took. */
function How({ job }: { readonly job: Job }) {
  const percent = percentOf(job.progress);
  if (job.state === "running")
    return (
      <span className={classes.running}>
        <ProgressBar job={job} label={jobTitle(job)} />
        {percent !== null && <span className="hf-number">{t("job.percent", { percent })}</span>}
      </span>
    );
  if (job.problem)
    return (
      <span className="hf-clip" title={job.problem.detail}>
        {job.problem.detail}
      </span>
    );
  const took = job.finished_at ? tookMs(job, Date.now()) : null;
  return <span className="hf-dim hf-number">{took === null ? "" : spanText(took)}</span>;
}

function By({ job }: { readonly job: Job }) {
  const me = useMe();
  if (!job.requested_by) return <span className="hf-dim hf-clip">{askedBy(job)}</span>;
  const name = job.requested_by.id === me.id ? t("audit.you") : job.requested_by.name;
  return <bdi className="hf-clip">{name}</bdi>;
}

/** The workspace a job belongs to; operators see names of their own ones only. */
function Where({ job }: { readonly job: Job }) {
  const me = useMe();
  if (!job.workspace_id) return <span className="hf-dim">{t("jobs.ofBox")}</span>;
  const name = me.workspaces.find((one) => one.id === job.workspace_id)?.name;
  return name ? (
    <bdi className="hf-clip">{name}</bdi>
  ) : (
    <span className="hf-mono hf-dim hf-clip">{job.workspace_id.slice(0, 13)}</span>
  );
}
