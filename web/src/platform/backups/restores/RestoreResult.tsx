import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { isRecord } from "@/api/problem";
import type { Job } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Lamp } from "@/ui/Lamp";
import { meQuery } from "../../identity/queries";
import { OpenOrClose } from "../../workspaces/OpenOrClose";
import { BACKUP_KEY } from "../queries";
import type { Wish } from "./RestoreDialog";

interface Props {
  readonly job: Job;
  readonly wish: Wish;
  readonly onClose: () => void;
}

/** What came of a restore, and the way there. */
export function RestoreResult({ job, wish, onClose }: Props) {
  const client = useQueryClient();
  const format = useFormat();
  const result: unknown = job.result;
  const found = isRecord(result) ? result : {};
  const workspace = typeof found["workspace_id"] === "string" ? found["workspace_id"] : null;
  const name = typeof found["name"] === "string" ? found["name"] : wish.workspace.name;
  const kept = typeof found["kept_until"] === "string" ? found["kept_until"] : null;
  useEffect(() => {
    // There may be one workspace more, and everything in a replaced one is another.
    void client.invalidateQueries({ queryKey: meQuery.queryKey });
    void client.invalidateQueries({ queryKey: BACKUP_KEY });
    if (workspace)
      void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[1] === workspace });
  }, [client, workspace]);
  return (
    <div className="hf-stack">
      <Lamp state="good" label={t("restore.done", { name })} />
      {kept && <p className="hf-text">{t("restore.keptUntil", { date: format.date(kept) })}</p>}
      <OpenOrClose workspace={workspace} onClose={onClose} />
    </div>
  );
}
