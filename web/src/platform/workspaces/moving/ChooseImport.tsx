import { Button, FileButton, Progress, SegmentedControl } from "@mantine/core";
import { IconPackageImport } from "@tabler/icons-react";
import { useEffect, useRef, useState, type FormEvent } from "react";
import type { WorkspaceImport } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { KitField } from "@/platform/backups/KitField";
import { readKit } from "@/platform/backups/kit";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { wasCancelled } from "@/ui/refusal";
import { PassphraseField } from "./PassphraseField";
import { beginUpload, discardUpload, sendFile } from "./queries";

/** What was sent, and what opens it. */
export interface Chosen {
  readonly upload: string;
  readonly file: File;
  readonly key: Pick<WorkspaceImport, "identity" | "passphrase">;
}

interface Props {
  /** What was chosen before, when its key did not open it: the file need not be sent again. */
  readonly before: Chosen | null;
  readonly onChosen: (chosen: Chosen) => Promise<void>;
  readonly onClose: () => void;
}

type By = "passphrase" | "kit";

/** The file and what opens it; sends the file to the box. */
export function ChooseImport({ before, onChosen, onClose }: Props) {
  const format = useFormat();
  const [file, setFile] = useState<File | null>(before?.file ?? null);
  const [by, setBy] = useState<By>("passphrase");
  const [passphrase, setPassphrase] = useState("");
  const [kit, setKit] = useState("");
  const [sent, setSent] = useState<number | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const ending = useRef<AbortController | null>(null);
  useEffect(() => () => ending.current?.abort(), []);

  const upload = async (chosen: File): Promise<string> => {
    if (before && before.file === chosen) return before.upload;
    const controller = new AbortController();
    ending.current = controller;
    const begun = await beginUpload(chosen.size);
    try {
      setSent(0);
      await sendFile(begun, chosen, setSent, controller.signal);
      return begun.id;
    } catch (cause) {
      // Nobody can go on with half of it: the next try begins anew.
      void discardUpload(begun.id).catch(() => undefined);
      throw cause;
    }
  };
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const wrong = !file
      ? t("moving.noFile")
      : by === "kit"
        ? readKit(kit)
          ? null
          : t("kit.fault.key")
        : passphrase
          ? null
          : t("form.needed");
    setFault(wrong);
    setError(null);
    if (sent !== null || wrong !== null || !file) return;
    setSent(0);
    try {
      const id = await upload(file);
      const key = by === "kit" ? { identity: kit } : { passphrase };
      await onChosen({ upload: id, file, key });
    } catch (cause) {
      setSent(null);
      const isGone = cause instanceof DOMException && cause.name === "AbortError";
      if (!isGone && !wasCancelled(cause)) setError(cause);
    }
  };
  return (
    <form
      className="hf-stack"
      onSubmit={(event) => void submit(event)}
      noValidate
      aria-label={t("workspaces.import")}
    >
      <p className="hf-text">{t("moving.importText")}</p>
      {error !== null && <ProblemAlert error={error} />}
      <div className="hf-flow">
        <FileButton onChange={setFile}>
          {(props) => (
            <Button
              {...props}
              variant="default"
              disabled={sent !== null}
              leftSection={<IconPackageImport size={16} aria-hidden />}
            >
              {t("moving.choose")}
            </Button>
          )}
        </FileButton>
        {file && (
          <span>
            <bdi>{file.name}</bdi> · {format.bytes(file.size)}
          </span>
        )}
        {!file && fault && (
          <span className="hf-fault" role="alert">
            {fault}
          </span>
        )}
      </div>
      <SegmentedControl
        value={by}
        onChange={(value) => {
          setBy(value === "kit" ? "kit" : "passphrase");
          setFault(null);
        }}
        aria-label={t("moving.openedBy")}
        data={[
          { value: "passphrase", label: t("moving.byPassphrase") },
          { value: "kit", label: t("moving.byKit") },
        ]}
      />
      {by === "kit" ? (
        <KitField text={kit} error={file ? fault : null} onChange={setKit} />
      ) : (
        <PassphraseField value={passphrase} error={file ? fault : null} onChange={setPassphrase} />
      )}
      {sent !== null && file && (
        <div aria-live="polite">
          <p className="hf-text">
            {t("moving.sending", { done: format.bytes(sent), total: format.bytes(file.size) })}
          </p>
          <Progress
            value={file.size > 0 ? (100 * sent) / file.size : 0}
            aria-label={t("moving.sendingLabel")}
          />
        </div>
      )}
      <div className="hf-flow">
        <Button type="submit" loading={sent !== null}>
          {t("moving.look")}
        </Button>
        <Button variant="default" onClick={onClose}>
          {t("ui.cancel")}
        </Button>
      </div>
    </form>
  );
}
