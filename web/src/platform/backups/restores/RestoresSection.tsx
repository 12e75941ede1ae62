import { Button } from "@mantine/core";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { IconHistory } from "@tabler/icons-react";
import { useState } from "react";
import type { Restore } from "@/api/types";
import { t, tDynamic, useFormat } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { Loaded } from "@/ui/Loaded";
import { MoreButton } from "@/ui/MoreButton";
import { Section } from "@/ui/Page";
import { RowEntry, RowList } from "@/ui/RowList";
import { Tag, type TagTone } from "@/ui/Tag";
import { toastDone } from "@/ui/toast";
import { workspacesQuery } from "../../workspaces/queries";
import { BACKUP_KEY } from "../queries";
import { restoresQuery, undoRestore } from "./queries";

const TONES: Readonly<Record<string, TagTone>> = {
  running: "info",
  done: "good",
  failed: "danger",
};

/** What was brought back, and how it can be undone; nothing at all before the first. */
export function RestoresSection() {
  const restores = useInfiniteQuery(restoresQuery);
  const [asked, setAsked] = useState<Restore | null>(null);
  const rows = restores.data?.pages.flatMap((page) => page.items);
  if (rows?.length === 0) return null;
  return (
    <Section title={t("restore.list")}>
      <Loaded query={{ ...restores, data: rows }} lines={2}>
        {(all) => (
          <RowList label={t("restore.list")}>
            {all.map((one) => (
              <RestoreRow key={one.id} restore={one} onUndo={() => setAsked(one)} />
            ))}
          </RowList>
        )}
      </Loaded>
      <MoreButton of={restores} mt="sm" label={t("backups.more")} />
      {asked && <Undo restore={asked} onClose={() => setAsked(null)} />}
    </Section>
  );
}

/** Names what is put back, and what is lost by it. */
function Undo({ restore, onClose }: { readonly restore: Restore; readonly onClose: () => void }) {
  const client = useQueryClient();
  const format = useFormat();
  const name = useWorkspaceName(restore.workspace_id ?? null);
  return (
    <Confirm
      opened
      title={t("restore.undoTitle")}
      confirmLabel={t("restore.undo")}
      onClose={onClose}
      onConfirm={async () => {
        await undoRestore(restore.id);
        onClose();
        toastDone(t("restore.undoBegun"));
        await client.invalidateQueries({ queryKey: BACKUP_KEY });
      }}
    >
      {t("restore.undoBody", {
        workspace: name ? `“${name}”` : t("restore.undoIt"),
        date: format.dateTime(restore.asked_at),
      })}
    </Confirm>
  );
}

function RestoreRow({
  restore,
  onUndo,
}: {
  readonly restore: Restore;
  readonly onUndo: () => void;
}) {
  const format = useFormat();
  const name = useWorkspaceName(restore.workspace_id ?? null);
  const { mode, state, asked_at: at, kept_until: kept, detail } = restore;
  const keptFile = restore.was_damaged ? `workspaces/kept/${restore.id}.db` : null;
  const canUndo = mode === "in_place" && state === "done" && kept && Date.parse(kept) > Date.now();
  return (
    <RowEntry
      symbol={<IconHistory size={20} stroke={1.6} aria-hidden />}
      title={name || tDynamic(`restore.mode.${mode}`, mode)}
      tags={<Tag tone={TONES[state] ?? "plain"}>{tDynamic(`restore.state.${state}`, state)}</Tag>}
      line={
        <>
          {[name && tDynamic(`restore.mode.${mode}`, mode), format.when(at)]
            .filter(Boolean)
            .join(" · ")}
          {canUndo && <div>{t("restore.keptUntil", { date: format.date(kept) })}</div>}
          {keptFile && <div>{t("restore.keptDamaged", { file: keptFile })}</div>}
          {detail && (
            <div className="hf-small" lang="en">
              {detail}
            </div>
          )}
        </>
      }
      actions={
        canUndo && (
          <Button
            size="compact-sm"
            variant="default"
            aria-label={name ? t("restore.undoOf", { name }) : undefined}
            onClick={onUndo}
          >
            {t("restore.undo")}
          </Button>
        )
      }
    />
  );
}

function useWorkspaceName(id: string | null): string {
  const all = useInfiniteQuery({ ...workspacesQuery("all"), enabled: id !== null });
  const rows = all.data?.pages.flatMap((page) => page.items) ?? [];
  return rows.find((one) => one.id === id)?.name ?? "";
}
