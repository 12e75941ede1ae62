import { useState } from "react";
import type { Job, WorkspaceImport } from "@/api/types";
import { t } from "@/i18n";
import { FollowedJob } from "@/platform/backups/FollowedJob";
import { Dialog } from "@/ui/Dialog";
import { Notice } from "@/ui/Notice";
import { ChooseImport, type Chosen } from "./ChooseImport";
import { ImportFound } from "./ImportFound";
import { ImportResult } from "./ImportResult";
import { readMoved } from "./moved";
import { startImport } from "./queries";

type Step =
  | { readonly kind: "choose" }
  | { readonly kind: "looking"; readonly job: string }
  | { readonly kind: "importing"; readonly job: string };

/** From a file to a workspace: the file and what opens it, a look at it, the outcome. */
export function ImportDialog({ onClose }: { readonly onClose: () => void }) {
  const [step, setStep] = useState<Step>({ kind: "choose" });
  // In this page's memory for this import, and gone with the dialog.
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const start = async (next: Chosen, body: Pick<WorkspaceImport, "mode" | "name">) => {
    const { id } = await startImport(next.upload, { ...next.key, ...body });
    return id;
  };
  const look = async (next: Chosen) => {
    setChosen(next);
    setStep({ kind: "looking", job: await start(next, { mode: "look" }) });
  };
  const bringIn = async (name: string) => {
    if (!chosen) return;
    setStep({ kind: "importing", job: await start(chosen, { mode: "import", name }) });
  };
  return (
    <Dialog isWork title={t("workspaces.import")} onClose={onClose}>
      {step.kind === "choose" ? (
        <ChooseImport before={chosen} onChosen={look} onClose={onClose} />
      ) : step.kind === "looking" ? (
        <FollowedJob
          id={step.job}
          label={t("moving.looking")}
          onAgain={() => setStep({ kind: "choose" })}
        >
          {(job) => <Found job={job} onImport={bringIn} onClose={onClose} />}
        </FollowedJob>
      ) : (
        <FollowedJob
          id={step.job}
          label={t("moving.importing")}
          onAgain={() => setStep({ kind: "choose" })}
        >
          {(job) => <ImportResult job={job} onClose={onClose} />}
        </FollowedJob>
      )}
    </Dialog>
  );
}

function Found({
  job,
  onImport,
  onClose,
}: {
  readonly job: Job;
  readonly onImport: (name: string) => Promise<void>;
  readonly onClose: () => void;
}) {
  const moved = readMoved(job.result);
  if (!moved) return <Notice tone="caution">{t("backups.jobFailed")}</Notice>;
  return <ImportFound moved={moved} onImport={onImport} onClose={onClose} />;
}
