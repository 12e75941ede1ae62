import type { Job } from "@/api/types";
import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { t, useFormat } from "@/i18n";
import { Facts } from "@/ui/Facts";
import { Notice } from "@/ui/Notice";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { SidePanel } from "@/ui/SidePanel";
import { SkeletonLines } from "@/ui/Skeleton";
import { FailedState } from "@/ui/StateBlock";
import { Tag } from "@/ui/Tag";
import { When } from "@/ui/values";
import { ProgressBar } from "./ProgressBar";
import { cancelJob, jobQuery, retryJob } from "./queries";
import { percentOf, tookMs } from "./rules";
import { askedBy, fileOf, jobTitle, resultText, spanText, stateName, stateTone } from "./words";
import classes from "./jobs.module.css";

/** One job: how far it is, what came out, and what can be done about it. */
export function JobPanel({
  workspace,
  id,
  mayRun,
  onClose,
}: {
  readonly workspace: string | null;
  readonly id: string;
  readonly mayRun: boolean;
  readonly onClose: () => void;
}) {
  const query = useQuery(jobQuery(workspace, id));
  const job = query.data;
  return (
    <SidePanel
      title={
        job ? (
          <>
            {jobTitle(job)} <Tag tone={stateTone(job.state)}>{stateName(job.state)}</Tag>
          </>
        ) : (
          t("jobs.one")
        )
      }
      label={t("jobs.one")}
      onClose={onClose}
      actions={job && <Actions workspace={workspace} job={job} mayRun={mayRun} />}
    >
      {query.error && !job ? (
        <FailedState error={query.error} onRetry={() => void query.refetch()} />
      ) : job ? (
        <Body job={job} />
      ) : (
        <SkeletonLines count={6} />
      )}
    </SidePanel>
  );
}

function Body({ job }: { readonly job: Job }) {
  const format = useFormat();
  const percent = percentOf(job.progress);
  const result = resultText(job, format);
  const file = fileOf(job);
  const took = tookMs(job, Date.now());
  return (
    <>
      {job.problem && (
        <Notice tone="danger">
          {job.problem.detail}
          <div>
            <a
              href={`/problems/${encodeURIComponent(job.problem.code)}`}
              target="_blank"
              rel="noreferrer"
            >
              {t("problem.code", { code: job.problem.code })}
            </a>
          </div>
        </Notice>
      )}
      {job.state === "running" && (
        <div className={classes.running}>
          <ProgressBar job={job} label={jobTitle(job)} />
          {percent !== null && <span className="hf-number">{t("job.percent", { percent })}</span>}
        </div>
      )}
      {result && <p style={{ margin: 0 }}>{result}</p>}
      {file && job.state === "done" && (
        <Button
          component="a"
          href={file}
          download
          leftSection={<IconDownload size={16} aria-hidden />}
          style={{ alignSelf: "flex-start" }}
        >
          {t("job.download")}
        </Button>
      )}
      <Facts
        facts={[
          {
            label: t("job.by"),
            value: <bdi>{askedBy(job)}</bdi>,
          },
          { label: t("job.asked"), value: <When at={job.created_at} /> },
          job.state === "waiting" ? { label: t("job.due"), value: format.exact(job.run_at) } : null,
          job.started_at ? { label: t("job.started"), value: format.exact(job.started_at) } : null,
          job.finished_at
            ? { label: t("job.finished"), value: format.exact(job.finished_at) }
            : null,
          took === null ? null : { label: t("job.took"), value: spanText(took) },
          job.progress && job.progress.total > 0
            ? {
                label: t("job.progress"),
                value: t("job.of", {
                  done: format.integer(job.progress.done),
                  total: format.integer(job.progress.total),
                }),
              }
            : null,
          {
            label: t("job.attempts"),
            value: t("job.of", { done: job.attempts, total: job.attempts_max }),
          },
          { label: t("job.kind"), value: <span className="hf-mono">{job.kind}</span> },
          { label: t("job.id"), value: <span className="hf-mono">{job.id}</span> },
        ]}
      />
    </>
  );
}

function Actions({
  workspace,
  job,
  mayRun,
}: {
  readonly workspace: string | null;
  readonly job: Job;
  readonly mayRun: boolean;
}) {
  const client = useQueryClient();
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  if (!job.can_cancel && !(job.can_retry && mayRun)) return null;
  const send = async (act: typeof cancelJob) => {
    setSending(true);
    setError(null);
    try {
      await act(workspace, job.id);
      await client.invalidateQueries({ queryKey: ["job", workspace ?? "box"] });
    } catch (cause) {
      setError(cause);
    } finally {
      setSending(false);
    }
  };
  return (
    <>
      {job.can_cancel && (
        <Button variant="default" loading={isSending} onClick={() => void send(cancelJob)}>
          {t("job.cancel")}
        </Button>
      )}
      {job.can_retry && mayRun && (
        <Button loading={isSending} onClick={() => void send(retryJob)}>
          {t("job.retry")}
        </Button>
      )}
      {error !== null && <ProblemAlert error={error} />}
    </>
  );
}
