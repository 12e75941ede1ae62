import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Job } from "@/api/types";
import { t } from "@/i18n";
import { Lamp } from "@/ui/Lamp";
import { LinkButton } from "@/ui/LinkButton";
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
  const workspace = moved?.workspace;
  useEffect(() => {
    void refreshWorkspaces(client);
  }, [client]);
  return (
    <div className="hf-stack">
      <Lamp state="good" label={t("moving.imported", { name: moved?.name ?? "" })} />
      <p className="hf-text">{t("moving.inviteNext")}</p>
      <div className="hf-flow">
        {workspace && (
          <LinkButton to="/w/$workspace" params={{ workspace }}>
            {t("workspaces.open")}
          </LinkButton>
        )}
        <Button variant="default" onClick={onClose}>
          {t("ui.close")}
        </Button>
      </div>
    </div>
  );
}
