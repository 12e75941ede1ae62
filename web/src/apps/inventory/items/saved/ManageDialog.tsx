import { Button, Menu } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { IconPencil, IconReplace, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { newKey } from "@/api/client";
import type { SavedFilter } from "@/api/types";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { ActionsMenu } from "@/ui/ActionsMenu";
import { Dialog } from "@/ui/Dialog";
import { DialogFoot } from "@/ui/DialogFoot";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { RowEntry, RowList } from "@/ui/RowList";
import { Tag } from "@/ui/Tag";
import { toastDone } from "@/ui/toast";
import type { ItemFilter } from "../queries";
import { inWords, isSame, requestOf, type Known } from "./filters";
import { NameDialog } from "./NameDialog";
import { changeSavedFilter, deleteSavedFilter, savedFiltersQuery, saveFilter } from "./queries";

interface Props {
  readonly saved: readonly SavedFilter[];
  /** What the list shows now. */
  readonly filter: ItemFilter;
  readonly known: Known;
  readonly onClose: () => void;
}

/** All saved filters, to be renamed, replaced and deleted; what was deleted here can be undone. */
export function ManageDialog({ saved, filter, known, onClose }: Props) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const [deleted, setDeleted] = useState<readonly SavedFilter[]>([]);
  const [renamed, setRenamed] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const act = async (work: () => Promise<void>) => {
    setError(null);
    try {
      await work();
    } catch (cause) {
      setError(cause);
    }
    await client.invalidateQueries({ queryKey: savedFiltersQuery(workspace.id).queryKey });
  };
  const replace = (one: SavedFilter) =>
    act(async () => {
      await changeSavedFilter(workspace.id, one, requestOf(one.name, filter));
      toastDone(t("filters.replaced", { name: one.name, about: inWords(filter, known) }));
    });
  const remove = (one: SavedFilter) =>
    act(async () => {
      await deleteSavedFilter(workspace.id, one);
      setDeleted((old) => [...old, one]);
    });
  const bringBack = (one: SavedFilter) =>
    act(async () => {
      await saveFilter(workspace.id, requestOf(one.name, one), newKey());
      setDeleted((old) => old.filter((other) => other.id !== one.id));
    });
  const gone = new Set(deleted.map((one) => one.id));
  const rows = [...saved.filter((one) => !gone.has(one.id)), ...deleted];
  rows.sort((one, other) => one.name.localeCompare(other.name));
  const inQuestion = saved.find((one) => one.id === renamed);
  return (
    <Dialog onClose={onClose} title={t("filters.title")} size="lg">
      <div className="hf-stack">
        {error !== null && <ProblemAlert error={error} />}
        {rows.length === 0 && <p className="hf-note">{t("filters.none")}</p>}
        <RowList label={t("filters.title")}>
          {rows.map((one) => (
            <RowEntry
              key={one.id}
              title={one.name}
              tags={gone.has(one.id) && <Tag>{t("filters.deleted")}</Tag>}
              line={<bdi>{inWords(one, known)}</bdi>}
              actions={
                gone.has(one.id) ? (
                  <Button
                    size="compact-sm"
                    variant="default"
                    autoFocus
                    aria-label={t("filters.back", { name: one.name })}
                    onClick={() => void bringBack(one)}
                  >
                    {t("ui.undo")}
                  </Button>
                ) : (
                  <ActionsMenu label={t("filters.actions", { name: one.name })}>
                    <Menu.Item
                      leftSection={<IconPencil size={16} aria-hidden />}
                      onClick={() => setRenamed(one.id)}
                    >
                      {t("filters.rename")}
                    </Menu.Item>
                    <Menu.Item
                      leftSection={<IconReplace size={16} aria-hidden />}
                      disabled={isSame(one, filter)}
                      onClick={() => void replace(one)}
                    >
                      {t("filters.replace")}
                    </Menu.Item>
                    <Menu.Item
                      leftSection={<IconTrash size={16} aria-hidden />}
                      onClick={() => void remove(one)}
                    >
                      {t("filters.delete")}
                    </Menu.Item>
                  </ActionsMenu>
                )
              }
            />
          ))}
        </RowList>
        <DialogFoot onClose={onClose} />
      </div>
      {inQuestion && (
        <NameDialog
          saved={inQuestion}
          about={inWords(inQuestion, known)}
          onClose={() => setRenamed(null)}
        />
      )}
    </Dialog>
  );
}
