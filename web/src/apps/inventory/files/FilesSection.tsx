import { useQuery } from "@tanstack/react-query";
import { useRef, useState, type DragEvent } from "react";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Confirm } from "@/ui/Confirm";
import { Loaded } from "@/ui/Loaded";
import { Section } from "@/ui/Page";
import { RowList } from "@/ui/RowList";
import { toastDone } from "@/ui/toast";
import { useIsPhone } from "@/ui/useIsPhone";
import type { About } from "../about";
import { WRITE } from "../permissions";
import { AddFiles } from "./AddFiles";
import { FileRow } from "./FileRow";
import { filesQuery, removeFile, type AnyFile } from "./queries";
import { UploadRow } from "./UploadRow";
import { useUploads } from "./useUploads";
import classes from "./files.module.css";

interface Props {
  readonly about: About;
  readonly title: string;
  /** What people call that which the files are beside. */
  readonly name: string;
  /** Nothing is added or removed, whoever looks. */
  readonly isClosed?: boolean;
}

/** Pictures and documents: dropped there, chosen, or taken with the camera. */
export function FilesSection({ about, title, name, isClosed = false }: Props) {
  const workspace = useWorkspace();
  const files = useQuery(filesQuery(workspace.id, about));
  const { uploads, add, retry, putAway } = useUploads(workspace.id, about);
  const [asked, setAsked] = useState<AnyFile | null>(null);
  const mayAdd = workspace.can(WRITE) && !isClosed;
  const howToAdd = useIsPhone() ? "files.noneTake" : "files.noneAdd";
  const drop = useDrop((dropped) => void add(dropped));
  return (
    <div className={classes.drop} data-over={drop.isOver || undefined} {...(mayAdd && drop.on)}>
      <Section title={title} aside={mayAdd && <AddFiles onAdd={(chosen) => void add(chosen)} />}>
        <Loaded query={files} lines={2}>
          {(all) => (
            <>
              {all.length === 0 && uploads.length === 0 && (
                <p className="hf-note">{t(mayAdd ? howToAdd : "files.none")}</p>
              )}
              {all.length > 0 && (
                <RowList label={title}>
                  {all.map((file) => (
                    <FileRow
                      key={file.id}
                      file={file}
                      {...(mayAdd ? { onRemove: () => setAsked(file) } : {})}
                    />
                  ))}
                </RowList>
              )}
            </>
          )}
        </Loaded>
        {uploads.length > 0 && (
          <div className={classes.uploads}>
            <RowList label={t("files.uploads")}>
              {uploads.map((one) => (
                <UploadRow
                  key={one.key}
                  upload={one}
                  onRetry={() => void retry(one)}
                  onPutAway={() => putAway(one.key)}
                />
              ))}
            </RowList>
          </div>
        )}
      </Section>
      {asked && (
        <Confirm
          opened
          title={t("files.removeTitle", { name: asked.name })}
          confirmLabel={t("files.remove")}
          onClose={() => setAsked(null)}
          onConfirm={async () => {
            await removeFile(workspace.id, about, asked.id);
            await files.refetch();
            setAsked(null);
            toastDone(t("files.removed", { name: asked.name }));
          }}
        >
          {t("files.removeBody", { name })}
        </Confirm>
      )}
    </div>
  );
}

/** Files let go above the section. Children of it are entered and left as well, so they count. */
function useDrop(onDrop: (files: readonly File[]) => void) {
  const depth = useRef(0);
  const [isOver, setOver] = useState(false);
  const move = (by: number) => {
    depth.current = Math.max(0, depth.current + by);
    setOver(depth.current > 0);
  };
  const isOfFiles = (event: DragEvent) => event.dataTransfer.types.includes("Files");
  return {
    isOver,
    on: {
      onDragEnter: (event: DragEvent) => isOfFiles(event) && move(1),
      onDragLeave: (event: DragEvent) => isOfFiles(event) && move(-1),
      onDragOver: (event: DragEvent) => isOfFiles(event) && event.preventDefault(),
      onDrop: (event: DragEvent) => {
        if (!isOfFiles(event)) return;
        event.preventDefault();
        move(-depth.current);
        onDrop([...event.dataTransfer.files]);
      },
    },
  };
}
