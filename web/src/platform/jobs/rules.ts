interface Progress {
  readonly done: number;
  readonly total: number;
}

export function isActive(job: { readonly state: string }): boolean {
  return job.state === "waiting" || job.state === "running";
}

interface Planned {
  readonly state: string;
  readonly attempts: number;
  readonly created_at: string;
  readonly run_at: string;
}

/** Whether a job is at work or about to be, and not one that was asked for some later time. */
export function isUnderWay(job: Planned, nowMs: number = Date.now()): boolean {
  const isLater = job.run_at > job.created_at && Date.parse(job.run_at) > nowMs;
  return isActive(job) && !(isLater && job.attempts === 0);
}

/** Whole percents of what is done; null while that is not known. */
export function percentOf(progress: Progress | null | undefined): number | null {
  if (!progress || progress.total <= 0) return null;
  return Math.floor((Math.min(progress.done, progress.total) * 100) / progress.total);
}

/** How far several jobs are together; null when none of them can say. */
export function percentOfAll(
  jobs: readonly { readonly progress?: Progress | null }[],
): number | null {
  const known = jobs.map((job) => percentOf(job.progress)).filter((one) => one !== null);
  if (known.length === 0) return null;
  return Math.floor(known.reduce((sum, one) => sum + one, 0) / known.length);
}

/** How long a job took, or has taken until now, in milliseconds. */
export function tookMs(
  job: { readonly started_at?: string | null; readonly finished_at?: string | null },
  nowMs: number,
): number | null {
  if (!job.started_at) return null;
  const end = job.finished_at ? Date.parse(job.finished_at) : nowMs;
  return Math.max(0, end - Date.parse(job.started_at));
}

interface Ended {
  readonly kind: string;
  readonly state: string;
  readonly created_at: string;
}

/** Of each kind the newest job, where it failed: what failed and went well later needs nobody. */
export function failedNow<J extends Ended>(jobs: readonly J[]): J[] {
  const newest = new Map<string, J>();
  for (const job of jobs) {
    const known = newest.get(job.kind);
    if (!known || job.created_at > known.created_at) newest.set(job.kind, job);
  }
  return [...newest.values()].filter((job) => job.state === "failed");
}
