import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Job } from "@/api/types";
import { t } from "@/i18n";
import { Lamp } from "@/ui/Lamp";
import { OpenOrClose } from "../OpenOrClose";
import { refreshWorkspaces } from "../queries";
import { readMoved } from "./moved";

/** The workspace that came in, and the way there. */
export function ImportResult({
  job,
  onClose,
}: {
  readonly job: Job;
  readonly onClose: () => void;
}) {
  const client = useQueryClient();
  const moved = readMoved(job.result);
  const workspace = moved?.workspace ?? null;
  useEffect(() => {
    void refreshWorkspaces(client);
  }, [client]);
  return (
    <div className="hf-stack">
      <Lamp state="good" label={t("moving.imported", { name: moved?.name ?? "" })} />
      <p className="hf-text">{t("moving.inviteNext")}</p>
      <OpenOrClose workspace={workspace} onClose={onClose} />
    </div>
  );
}
