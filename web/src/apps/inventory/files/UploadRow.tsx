import { Button } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { t, useFormat } from "@/i18n";
import { RowEntry } from "@/ui/RowList";
import type { Upload } from "./useUploads";
import classes from "./files.module.css";

interface Props {
  readonly upload: Upload;
  readonly onRetry: () => void;
  readonly onPutAway: () => void;
}

/** A file on its way, or why it did not get there. */
export function UploadRow({ upload, onRetry, onPutAway }: Props) {
  const format = useFormat();
  const { file, share, fault, canRetry } = upload;
  const percent = Math.round(share * 100);
  return (
    <RowEntry
      symbol={
        <span className={classes.tile}>
          <IconUpload size={20} stroke={1.6} aria-hidden />
        </span>
      }
      title={file.name}
      line={
        fault ? (
          <span className="hf-fault" role="alert">
            {fault}
          </span>
        ) : (
          <span className={classes.sending}>
            <progress
              max={100}
              value={percent}
              aria-label={t("files.sending", { name: file.name })}
            />
            <span className="hf-number">
              {t("job.percent", { percent })} · {format.bytes(file.size)}
            </span>
          </span>
        )
      }
      actions={
        fault && (
          <>
            {canRetry && (
              <Button size="compact-sm" variant="default" onClick={onRetry}>
                {t("ui.retry")}
              </Button>
            )}
            <Button size="compact-sm" variant="default" onClick={onPutAway}>
              {t("files.putAway")}
            </Button>
          </>
        )
      }
    />
  );
}
