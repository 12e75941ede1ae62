import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { newKey } from "@/api/client";
import type { Job, UserDetails } from "@/api/types";
import { t } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { Dialog } from "@/ui/Dialog";
import { DialogFoot } from "@/ui/DialogFoot";
import { Notice } from "@/ui/Notice";
import { ProgressBar } from "../jobs/ProgressBar";
import { jobQuery } from "../jobs/queries";
import { isActive } from "../jobs/rules";
import { fileOf } from "../jobs/words";
import { exportUser } from "./queries";
import classes from "./privacy.module.css";

interface Props {
  readonly user: UserDetails;
  readonly onClose: () => void;
}

/** Has the box write what is held on somebody into a file, and hands it out. */
export function ExportDialog({ user, onClose }: Props) {
  const [key] = useState(newKey);
  const [asked, setAsked] = useState<Job | null>(null);
  if (asked) return <Written user={user} asked={asked} onClose={onClose} />;
  return (
    <Confirm
      opened
      isDanger={false}
      title={t("privacy.exportTitle", { name: user.name })}
      confirmLabel={t("privacy.exportStart")}
      onClose={onClose}
      onConfirm={async () => setAsked(await exportUser(user.id, key))}
    >
      <p className={classes.text}>{t("privacy.exportText", { name: user.name })}</p>
    </Confirm>
  );
}

function Written({ user, asked, onClose }: Props & { readonly asked: Job }) {
  const query = useQuery({ ...jobQuery(null, asked.id), placeholderData: asked });
  const job = query.data ?? asked;
  const file = job.state === "done" ? fileOf(job) : null;
  return (
    <Dialog onClose={onClose} title={t("privacy.exportTitle", { name: user.name })}>
      <div className={classes.progress} aria-live="polite">
        {isActive(job) ? (
          <>
            <p className={classes.text}>{t("privacy.exportGoing")}</p>
            <ProgressBar job={job} label={t("privacy.exportGoing")} />
          </>
        ) : file ? (
          <p className={classes.text}>{t("privacy.exportReady")}</p>
        ) : (
          <Notice tone="danger">{job.problem?.detail ?? t("privacy.exportFailed")}</Notice>
        )}
      </div>
      <DialogFoot onClose={onClose}>
        {file && (
          <Button
            component="a"
            href={file}
            download
            data-own-click
            leftSection={<IconDownload size={16} aria-hidden />}
          >
            {t("privacy.download")}
          </Button>
        )}
      </DialogFoot>
    </Dialog>
  );
}
