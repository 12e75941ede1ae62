import { Button, FileButton, Switch } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { IconFileUpload } from "@tabler/icons-react";
import { useRef, useState, type DragEvent } from "react";
import type { UpdatesStatus } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Notice } from "@/ui/Notice";
import { Section } from "@/ui/Page";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { wasCancelled } from "@/ui/refusal";
import { FollowedJob } from "../backups/FollowedJob";
import { beginUpload, sendBundle, takeBundle, UPDATES_KEY } from "./queries";
import classes from "./updates.module.css";

interface Sending {
  readonly name: string;
  readonly done: number;
  readonly total: number;
}

/** A release from a file: dropped here or chosen, sent in pieces, checked like one of the feed. */
export function UploadSection({ status }: { readonly status: UpdatesStatus }) {
  const format = useFormat();
  const [acceptsStale, setAcceptsStale] = useState(false);
  const [isOver, setOver] = useState(false);
  const upload = useUpload(status.settings.bundle_size_bytes_max, acceptsStale);
  const { sending, job, error, tooLarge } = upload;
  const take = (file: File | null) => {
    if (file) void upload.send(file);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files.item(0));
  };
  return (
    <Section title={t("updates.upload")}>
      <div className="hf-stack">
        <div
          className={classes.drop}
          data-over={isOver || undefined}
          onDragOver={(event) => {
            event.preventDefault();
            setOver(true);
          }}
          onDragLeave={() => setOver(false)}
          onDrop={drop}
        >
          <IconFileUpload size={24} aria-hidden />
          <p className="hf-text">{t("updates.uploadText")}</p>
          <FileButton accept=".tar,.bundle,application/x-tar" onChange={take}>
            {(props) => (
              <Button {...props} size="compact-sm" variant="default" loading={sending !== null}>
                {t("updates.uploadChoose")}
              </Button>
            )}
          </FileButton>
        </div>
        <Switch
          label={t("updates.uploadStale")}
          checked={acceptsStale}
          onChange={(event) => setAcceptsStale(event.currentTarget.checked)}
        />
        {sending && (
          <div aria-live="polite">
            <p className="hf-small">{t("updates.uploadSending", { name: sending.name })}</p>
            <progress
              className={classes.bar}
              aria-label={t("updates.uploadSending", { name: sending.name })}
              value={sending.done}
              max={sending.total}
            />
            <p className="hf-small hf-number">
              {t("updates.uploadSent", {
                done: format.bytes(sending.done),
                total: format.bytes(sending.total),
              })}
            </p>
          </div>
        )}
        {tooLarge !== null && (
          <Notice tone="danger">
            {t("updates.uploadTooLarge", {
              size: format.bytes(tooLarge),
              most: format.bytes(status.settings.bundle_size_bytes_max),
            })}
          </Notice>
        )}
        {error !== null && <ProblemAlert error={error} />}
        {job && (
          <FollowedJob id={job} label={t("updates.uploadChecking")}>
            {() => <Taken status={status} />}
          </FollowedJob>
        )}
      </div>
    </Section>
  );
}

function Taken({ status }: { readonly status: UpdatesStatus }) {
  const version = status.offer?.version;
  if (!version) return null;
  return <Notice tone="good">{t("updates.uploadDone", { version })}</Notice>;
}

function useUpload(sizeMax: number, acceptsStale: boolean) {
  const client = useQueryClient();
  const [sending, setSending] = useState<Sending | null>(null);
  const [job, setJob] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [tooLarge, setTooLarge] = useState<number | null>(null);
  const stop = useRef(new AbortController());
  const send = async (file: File) => {
    setError(null);
    setJob(null);
    setTooLarge(file.size > sizeMax ? file.size : null);
    if (file.size > sizeMax) return;
    stop.current = new AbortController();
    const { name, size: total } = file;
    setSending({ name, done: 0, total });
    try {
      const upload = await beginUpload(total);
      const onSent = (done: number) => setSending({ name, done, total });
      await sendBundle(upload, file, onSent, stop.current.signal);
      setJob((await takeBundle(upload.id, acceptsStale)).id);
    } catch (cause) {
      if (!wasCancelled(cause)) setError(cause);
    } finally {
      setSending(null);
      await client.invalidateQueries({ queryKey: UPDATES_KEY });
    }
  };
  return { sending, job, error, tooLarge, send };
}
