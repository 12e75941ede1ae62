import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { PlannedBackup } from "@/api/types";
import { t, tDynamic, useFormat } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { DialogFoot } from "@/ui/DialogFoot";
import { Lamp } from "@/ui/Lamp";
import { Loaded } from "@/ui/Loaded";
import { Notice } from "@/ui/Notice";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { RowEntry, RowList } from "@/ui/RowList";
import { Tag } from "@/ui/Tag";
import { FollowedJob } from "./FollowedJob";
import { BACKUP_KEY } from "./queries";
import { planQuery, pruneBackups } from "./retention";

/** Which backups stay and which go; nothing goes before somebody has seen that. */
export function PruneDialog({ onClose }: { readonly onClose: () => void }) {
  const client = useQueryClient();
  const format = useFormat();
  const plan = useQuery(planQuery);
  const [job, setJob] = useState<string | null>(null);
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const going = plan.data?.items.filter((one) => !one.keep) ?? [];
  const gone = going.length;
  const freed = going.reduce((sum, one) => sum + (one.size_bytes ?? 0), 0);
  const prune = async () => {
    setSending(true);
    setError(null);
    try {
      setJob((await pruneBackups()).id);
      await client.invalidateQueries({ queryKey: BACKUP_KEY });
    } catch (cause) {
      setError(cause);
    } finally {
      setSending(false);
    }
  };
  return (
    <Dialog isWork title={t("keep.planTitle")} onClose={onClose}>
      <div className="hf-stack">
        {job ? (
          <FollowedJob id={job} label={t("keep.removing")} onAgain={() => setJob(null)}>
            {() => <Lamp state="good" label={t("keep.removed")} />}
          </FollowedJob>
        ) : (
          <Loaded query={plan} lines={4}>
            {({ items, paused }) => (
              <>
                <p className="hf-text">
                  {t("keep.planLead", {
                    keep: t("keep.planStay", { count: items.length - gone }),
                    gone: t("keep.planGo", { count: gone }),
                  })}{" "}
                  {freed > 0 && t("keep.planFrees", { size: format.bytes(freed) })}
                </p>
                {paused && (
                  <Notice tone="caution">
                    <span lang="en">{paused}</span>
                  </Notice>
                )}
                <RowList label={t("keep.planTitle")}>
                  {[...going, ...items.filter((one) => one.keep)].map((one) => (
                    <Planned key={one.backup_id} planned={one} />
                  ))}
                </RowList>
              </>
            )}
          </Loaded>
        )}
        {error !== null && <ProblemAlert error={error} />}
        <DialogFoot onClose={onClose}>
          {!job && gone > 0 && !plan.data?.paused && (
            <Button
              color="red.8"
              data-tone="danger"
              loading={isSending}
              onClick={() => void prune()}
            >
              {t("keep.remove", { count: gone })}
            </Button>
          )}
        </DialogFoot>
      </div>
    </Dialog>
  );
}

function Planned({ planned }: { readonly planned: PlannedBackup }) {
  const format = useFormat();
  const { taken_at: at, keep, why, size_bytes: size } = planned;
  return (
    <RowEntry
      title={at ? format.dateTime(at) : planned.backup_id}
      tags={<Tag tone={keep ? "good" : "danger"}>{t(keep ? "keep.stays" : "keep.goes")}</Tag>}
      line={[
        ...why.map((one) => tDynamic(`keep.why.${one}`, one)),
        typeof size === "number" ? format.bytes(size) : "",
      ]
        .filter(Boolean)
        .join(" · ")}
    />
  );
}
