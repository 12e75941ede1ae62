import type { Job } from "@/api/types";
import { Popover, UnstyledButton } from "@mantine/core";
import { useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { asProblem } from "@/api/problem";
import type { MyWorkspace } from "@/api/types";
import { t } from "@/i18n";
import { useIsPhone } from "@/ui/useIsPhone";
import { announceEnd } from "./announceEnd";
import { forgetJob, useFollowedJobs } from "./followed";
import { ProgressBar } from "./ProgressBar";
import { jobQuery, recentJobsQuery } from "./queries";
import { isActive, isUnderWay, percentOf, percentOfAll } from "./rules";
import { jobTitle, stateName } from "./words";
import classes from "./jobs.module.css";

/** What runs in this workspace, in the header, whatever screen is open. */
export function JobChip({ workspace }: { readonly workspace: MyWorkspace }) {
  const [isOpen, setOpen] = useState(false);
  const isPhone = useIsPhone();
  const jobs = useActiveJobs(workspace);
  if (jobs.length === 0) return null;
  const percent = percentOfAll(jobs);
  const [first] = jobs;
  const label =
    jobs.length === 1 && first ? jobTitle(first) : t("jobs.chip", { count: jobs.length });
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" shadow="md">
      <Popover.Target>
        <UnstyledButton
          className={classes.chip}
          onClick={() => setOpen(!isOpen)}
          aria-label={percent === null ? label : `${label}, ${t("job.percent", { percent })}`}
        >
          <Ring percent={percent} />
          {!isPhone && <span className="hf-clip">{label}</span>}
          {percent !== null && <span className="hf-number">{t("job.percent", { percent })}</span>}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown p={0}>
        <div className={classes.menu}>
          {jobs.map((job) => (
            <JobLine key={job.id} job={job} />
          ))}
          {workspace.permissions.includes("jobs.read") && (
            <Link
              to="/w/$workspace/jobs"
              params={{ workspace: workspace.id }}
              onClick={() => setOpen(false)}
            >
              {t("jobs.all")}
            </Link>
          )}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function JobLine({ job }: { readonly job: Job }) {
  const percent = percentOf(job.progress);
  return (
    <div className={classes.menuJob}>
      <span className={classes.menuHead}>
        <span className="hf-clip">{jobTitle(job)}</span>
        <span className="hf-dim hf-number">
          {percent === null ? stateName(job.state) : t("job.percent", { percent })}
        </span>
      </span>
      <ProgressBar job={job} label={jobTitle(job)} />
    </div>
  );
}

/**
 * Those of the workspace where one may see them, and those this tab asked for. The end of the
 * latter is said in a toast, wherever one is by then.
 */
function useActiveJobs(workspace: MyWorkspace): Job[] {
  const client = useQueryClient();
  const followed = useFollowedJobs().filter((one) => one.workspace === workspace.id);
  const listed = useQuery({
    ...recentJobsQuery(workspace.id),
    enabled: workspace.permissions.includes("jobs.read"),
  });
  const own = useQueries({ queries: followed.map((one) => jobQuery(one.workspace, one.id)) });
  const told = useRef(new Set<string>());
  useEffect(() => {
    for (const [index, { id }] of followed.entries()) {
      const query = own[index];
      const job = query?.data;
      if (job && !isActive(job) && !told.current.has(id)) {
        told.current.add(id);
        forgetJob(id);
        announceEnd(job);
        // An import may have changed anything there.
        void client.invalidateQueries({
          predicate: ({ queryKey }) => queryKey[1] === workspace.id,
        });
      } else if (query?.error && asProblem(query.error).status === 404) forgetJob(id);
    }
  });
  const all = [...own.map((query) => query.data), ...(listed.data ?? [])];
  const seen = new Set<string>();
  return all.filter((job): job is Job => {
    if (!job || !isUnderWay(job) || seen.has(job.id)) return false;
    seen.add(job.id);
    return true;
  });
}

const RADIUS = 6.5;
const ROUND = 2 * Math.PI * RADIUS;

function Ring({ percent }: { readonly percent: number | null }) {
  const part = percent === null ? ROUND * 0.3 : (ROUND * percent) / 100;
  return (
    <svg
      viewBox="0 0 16 16"
      className={classes.ring}
      data-unknown={percent === null || undefined}
      aria-hidden
    >
      <circle cx="8" cy="8" r={RADIUS} />
      <circle
        cx="8"
        cy="8"
        r={RADIUS}
        strokeDasharray={`${part} ${ROUND}`}
        transform="rotate(-90 8 8)"
      />
    </svg>
  );
}
