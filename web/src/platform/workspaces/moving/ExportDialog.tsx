import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { newKey } from "@/api/client";
import type { Job, Workspace, WorkspaceExport } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { FollowedJob } from "@/platform/backups/FollowedJob";
import { CopyText } from "@/ui/CopyText";
import { Dialog } from "@/ui/Dialog";
import { DialogFoot } from "@/ui/DialogFoot";
import { CardsField, FormFrame, SecretField, TextField, useForm } from "@/ui/form";
import { Lamp } from "@/ui/Lamp";
import { Notice } from "@/ui/Notice";
import { readExported } from "./moved";
import { askForExport } from "./queries";

interface Props {
  readonly workspace: Workspace;
  readonly onClose: () => void;
}

/** Who may open the file, how far it is, and the file. */
export function ExportDialog({ workspace, onClose }: Props) {
  const [job, setJob] = useState<string | null>(null);
  return (
    <Dialog isWork title={t("moving.exportTitle", { name: workspace.name })} onClose={onClose}>
      {job === null ? (
        <Choose workspace={workspace} onAsked={setJob} onClose={onClose} />
      ) : (
        <div className="hf-stack">
          <FollowedJob id={job} workspace={workspace.id} label={t("moving.writing")}>
            {(done) => <Fetch job={done} />}
          </FollowedJob>
          <DialogFoot onClose={onClose} />
        </div>
      )}
    </Dialog>
  );
}

function Choose({
  workspace,
  onAsked,
  onClose,
}: Props & { readonly onAsked: (job: string) => void }) {
  const form = useForm({
    initial: { to: "passphrase", recipient: "", passphrase: "" },
    newKey,
    validate: (values) => ({
      recipient: values.to !== "recipient" || values.recipient.trim() ? null : t("form.needed"),
      passphrase: values.to !== "passphrase" || values.passphrase ? null : t("form.needed"),
    }),
    send: async (values) => {
      onAsked((await askForExport(workspace.id, wishOf(values))).id);
    },
  });
  return (
    <FormFrame
      hasHint={false}
      form={form}
      label={t("workspace.moveOut")}
      submitLabel={t("moving.begin")}
      onCancel={onClose}
    >
      <p className="hf-text">{t("moving.exportText")}</p>
      <CardsField
        form={form}
        name="to"
        label={t("moving.to")}
        options={[
          {
            value: "passphrase",
            label: t("moving.toPassphrase"),
            text: t("moving.toPassphraseText"),
          },
          { value: "recipient", label: t("moving.toRecipient"), text: t("moving.toRecipientText") },
          { value: "kits", label: t("moving.toKits"), text: t("moving.toKitsText") },
        ]}
      />
      {form.values.to === "passphrase" && (
        <SecretField
          form={form}
          name="passphrase"
          label={t("moving.passphrase")}
          autoComplete="new-password"
        />
      )}
      {form.values.to === "recipient" && (
        <TextField form={form} name="recipient" label={t("moving.recipient")} />
      )}
    </FormFrame>
  );
}

interface Values {
  readonly to: string;
  readonly recipient: string;
  readonly passphrase: string;
}

function wishOf({ to, recipient, passphrase }: Values): WorkspaceExport {
  if (to === "recipient") return { recipient: recipient.trim() };
  return to === "kits" ? { kits: true } : { passphrase };
}

function Fetch({ job }: { readonly job: Job }) {
  const format = useFormat();
  const made = readExported(job.result);
  if (!made) return <Notice tone="caution">{t("backups.jobFailed")}</Notice>;
  return (
    <>
      <Lamp state="good" label={t("moving.ready", { size: format.bytes(made.sizeBytes) })} />
      <p className="hf-text">{t("moving.compareLater")}</p>
      <CopyText text={made.fingerprint} label={t("moving.fingerprint")} />
      <div>
        <Button
          component="a"
          href={made.file}
          download
          leftSection={<IconDownload size={16} aria-hidden />}
        >
          {t("moving.download")}
        </Button>
      </div>
      <p className="hf-small">{t("moving.kept", { date: format.dateTime(made.keptUntil) })}</p>
    </>
  );
}
