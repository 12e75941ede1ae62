import { t } from "@/i18n";
import { toastDone, toastFailed } from "@/ui/toast";
import type { Job } from "@/api/types";
import { fileOf, jobTitle } from "./words";

/** A job has no status of its own; its code has a page like that of any refusal. */
const FAILED_STATUS = 422;

/** Says that a job one asked for has ended; a file it made is fetched at once. */
export function announceEnd(job: Job): void {
  const name = jobTitle(job);
  if (job.state === "done") {
    toastDone(t("job.endedWell", { name }));
    const file = fileOf(job);
    if (file) fetchFile(file);
  } else if (job.state === "failed") {
    toastFailed({
      code: job.problem?.code ?? "",
      status: FAILED_STATUS,
      detail: t("job.endedBadly", { name, detail: job.problem?.detail ?? "" }),
      requestId: null,
      fields: [],
      retryAfterSeconds: null,
    });
  } else if (job.state === "cancelled") toastDone(t("job.endedCancelled", { name }));
}

/** As a click on a link to it would. */
function fetchFile(address: string): void {
  const link = document.createElement("a");
  link.href = address;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}
