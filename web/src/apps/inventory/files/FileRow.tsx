import { ActionIcon } from "@mantine/core";
import { IconDownload, IconFile, IconFileTypePdf, IconPhoto, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { t, useFormat } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { RowEntry } from "@/ui/RowList";
import { contentOf, smallOf, type AnyFile } from "./queries";
import { isPicture } from "./rules";
import classes from "./files.module.css";

interface Props {
  readonly file: AnyFile;
  /** Missing where somebody may not. */
  readonly onRemove?: () => void;
}

/** One file: small where it is a picture, opened by its name, saved or removed beside it. */
export function FileRow({ file, onRemove }: Props) {
  const format = useFormat();
  const workspace = useWorkspace();
  const { name } = file;
  const opened = contentOf(workspace.id, file, !isPicture(file));
  return (
    <RowEntry
      symbol={<Symbol file={file} />}
      title={
        <a href={opened} {...(isPicture(file) ? { target: "_blank", rel: "noreferrer" } : {})}>
          {name}
        </a>
      }
      line={`${format.bytes(file.size_bytes)} · ${format.when(file.created_at)}`}
      actions={
        <>
          <ActionIcon
            component="a"
            href={contentOf(workspace.id, file, true)}
            variant="default"
            aria-label={t("files.download", { name })}
          >
            <IconDownload size={18} aria-hidden />
          </ActionIcon>
          {onRemove && (
            <ActionIcon
              variant="default"
              aria-label={t("files.removeOf", { name })}
              onClick={onRemove}
            >
              <IconTrash size={18} aria-hidden />
            </ActionIcon>
          )}
        </>
      }
    />
  );
}

function Symbol({ file }: { readonly file: AnyFile }) {
  const workspace = useWorkspace();
  const [isBroken, setBroken] = useState(false);
  if (isPicture(file) && !isBroken)
    return (
      <img
        className={classes.thumb}
        src={smallOf(workspace.id, file)}
        width={44}
        height={44}
        alt=""
        loading="lazy"
        onError={() => setBroken(true)}
      />
    );
  const Icon = isPicture(file)
    ? IconPhoto
    : file.media_type === "application/pdf"
      ? IconFileTypePdf
      : IconFile;
  return (
    <span className={classes.tile}>
      <Icon size={20} stroke={1.6} aria-hidden />
    </span>
  );
}
