import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { t } from "@/i18n";
import { toastDone, toastFailed } from "@/ui/toast";
import { isActive } from "../jobs/rules";
import { BACKUP_KEY, backupJobQuery, runBackup } from "./queries";

/** The backup that is being made, and a way to ask for one; what is under way already is joined. */
export function useRunBackup() {
  const client = useQueryClient();
  const job = useQuery(backupJobQuery);
  const [isSending, setSending] = useState(false);
  const isRunning = job.data ? isActive(job.data) : false;
  useFreshAfter(isRunning);
  const start = async () => {
    setSending(true);
    try {
      client.setQueryData(backupJobQuery.queryKey, await runBackup());
      toastDone(t("backups.begun"));
      await client.invalidateQueries({ queryKey: BACKUP_KEY });
    } catch (cause) {
      toastFailed(cause);
    } finally {
      setSending(false);
    }
  };
  return { job, isRunning, isSending, start };
}

/** What a backup leaves behind is read once it is over, however it ended. */
function useFreshAfter(isRunning: boolean) {
  const client = useQueryClient();
  const wasRunning = useRef(false);
  useEffect(() => {
    if (wasRunning.current && !isRunning) void client.invalidateQueries({ queryKey: BACKUP_KEY });
    wasRunning.current = isRunning;
  }, [client, isRunning]);
}
