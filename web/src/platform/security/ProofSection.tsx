import { Button, Switch } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useState } from "react";
import { newKey } from "@/api/client";
import { t } from "@/i18n";
import { FormFrame, TextField, useForm } from "@/ui/form";
import { Section } from "@/ui/Page";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { saveFile, saveText } from "@/ui/saveFile";
import { bundleOf, proofOf } from "./queries";
import classes from "./security.module.css";

interface Props {
  readonly workspace: string | null;
}

/** What an auditor takes along: one entry with its proof, or the log as a whole. */
export function ProofSection({ workspace }: Props) {
  const form = useForm({
    initial: { seq: "" },
    newKey,
    validate: (values) => ({
      seq: /^[1-9]\d{0,14}$/.test(values.seq.trim()) ? null : t("proof.seqBad"),
    }),
    send: async (values) => {
      const seq = values.seq.trim();
      saveText(`entry-${seq}.tlog-proof`, await proofOf(workspace, seq));
    },
  });
  return (
    <Section title={t("proof.title")}>
      <div className="hf-stack">
        <p className="hf-text">{t("proof.lead")}</p>
        <div className={classes.narrow}>
          <FormFrame
            hasHint={false}
            form={form}
            label={t("proof.title")}
            submitLabel={t("proof.submit")}
          >
            <TextField
              form={form}
              name="seq"
              label={t("proof.seq")}
              help={t("proof.seqHelp")}
              inputMode="numeric"
              maxLength={15}
            />
          </FormFrame>
        </div>
        <Bundle workspace={workspace} />
      </div>
    </Section>
  );
}

function Bundle({ workspace }: Props) {
  const [isBusy, setBusy] = useState(false);
  const [isPersonal, setPersonal] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const save = async () => {
    if (isBusy) return;
    setBusy(true);
    setError(null);
    try {
      saveFile(`audit-${workspace ?? "box"}.jsonl`, await bundleOf(workspace, isPersonal));
    } catch (cause) {
      setError(cause);
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className={classes.bundle}>
      <p className="hf-text">{t("proof.bundleLead")}</p>
      <Switch
        label={t("proof.personal")}
        description={t("proof.personalHelp")}
        checked={isPersonal}
        onChange={(event) => setPersonal(event.currentTarget.checked)}
      />
      {error !== null && <ProblemAlert error={error} />}
      <div>
        <Button
          variant="default"
          loading={isBusy}
          leftSection={<IconDownload size={16} aria-hidden />}
          onClick={() => void save()}
        >
          {t("proof.bundle")}
        </Button>
      </div>
    </div>
  );
}
