import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Backup, Job, RecoveryKits } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { Notice } from "@/ui/Notice";
import { FollowedJob } from "../FollowedJob";
import { KitForm } from "../KitForm";
import { BACKUP_KEY } from "../queries";
import { momentOf } from "../words";
import { ChooseRestore } from "./ChooseRestore";
import { readLook, type Look, type Then } from "./look";
import { startRestore } from "./queries";
import { RestoreResult } from "./RestoreResult";
import { RestoreSource, type Source } from "./RestoreSource";

interface Props {
  readonly backups: readonly Backup[];
  readonly backup: Backup;
  readonly box: RecoveryKits;
  /** The one that is to be brought back, where somebody came for it. */
  readonly workspace?: string;
  readonly onClose: () => void;
}

/** What is to be done with a workspace of a backup. */
export interface Wish {
  readonly workspace: Then;
  readonly mode: "in_place" | "as_new";
  readonly name: string;
}

type Step =
  | { readonly kind: "kit" }
  | { readonly kind: "looking"; readonly job: string }
  | { readonly kind: "restoring"; readonly job: string; readonly wish: Wish };

/** From a backup to a workspace: the kit, a look at what is in it, the choice, the outcome. */
export function RestoreDialog({ backups, backup, box, workspace, onClose }: Props) {
  const client = useQueryClient();
  const format = useFormat();
  const [source, setSource] = useState<Source>({ backup, target: null });
  const [step, setStep] = useState<Step>({ kind: "kit" });
  // In this page's memory for this restore, and gone with the dialog.
  const [identity, setIdentity] = useState("");
  const from = {
    backup_id: source.backup.id,
    ...(source.target ? { target_id: source.target } : {}),
  };
  const look = async (key: string) => {
    const job = await startRestore({ ...from, identity: key, mode: "look" });
    setIdentity(key);
    setStep({ kind: "looking", job: job.id });
  };
  const restore = async (wish: Wish) => {
    const { mode, name } = wish;
    const named = mode === "as_new" ? { name } : {};
    const body = { ...from, identity, workspace_id: wish.workspace.id, mode, ...named };
    const job = await startRestore(body);
    setStep({ kind: "restoring", job: job.id, wish });
    await client.invalidateQueries({ queryKey: BACKUP_KEY });
  };
  const date = format.dateTime(momentOf(source.backup));
  return (
    <Dialog isWork title={t("restore.title")} onClose={onClose}>
      {step.kind === "kit" ? (
        <KitForm
          box={box}
          lead={t("restore.lead")}
          note={t("restore.kitNote")}
          submitLabel={t("restore.look")}
          onCancel={onClose}
          onKit={look}
        >
          <RestoreSource backups={backups} source={source} onChange={setSource} />
        </KitForm>
      ) : step.kind === "looking" ? (
        <FollowedJob
          id={step.job}
          label={t("restore.looking", { date })}
          onAgain={() => setStep({ kind: "kit" })}
        >
          {(job) => <Found job={job} wanted={workspace} onRestore={restore} onClose={onClose} />}
        </FollowedJob>
      ) : (
        <FollowedJob
          id={step.job}
          label={t("restore.running", { name: step.wish.workspace.name })}
          onAgain={() => setStep({ kind: "kit" })}
        >
          {(job) => <RestoreResult job={job} wish={step.wish} onClose={onClose} />}
        </FollowedJob>
      )}
    </Dialog>
  );
}

function Found({
  job,
  wanted,
  onRestore,
  onClose,
}: {
  readonly job: Job;
  readonly wanted: string | undefined;
  readonly onRestore: (wish: Wish) => Promise<void>;
  readonly onClose: () => void;
}) {
  const look: Look | null = readLook(job.result);
  if (!look || look.workspaces.length === 0)
    return <Notice tone="caution">{t("restore.nothing")}</Notice>;
  return (
    <div className="hf-stack">
      {look.missing.length > 0 && (
        <Notice tone="caution">
          {t("restore.missing", { count: look.missing.length })}{" "}
          <span translate="no">{look.missing.join(", ")}</span>
        </Notice>
      )}
      <ChooseRestore look={look} wanted={wanted} onRestore={onRestore} onClose={onClose} />
    </div>
  );
}
