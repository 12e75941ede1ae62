import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { IconDownload, IconSignature } from "@tabler/icons-react";
import { lazy, Suspense } from "react";
import type { Checkpoint } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { CopyText } from "@/ui/CopyText";
import { Facts } from "@/ui/Facts";
import { Section } from "@/ui/Page";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { RowEntry, RowList } from "@/ui/RowList";
import { saveText } from "@/ui/saveFile";
import { SkeletonLines } from "@/ui/Skeleton";
import { When } from "@/ui/values";
import { ChainState } from "../audit/ChainState";
import { checkpointQuery, checkpointsQuery, signCheckpoint } from "./queries";
import classes from "./security.module.css";

const QrCode = lazy(() => import("../trust/QrCode"));

interface Props {
  /** Null stands for the box. */
  readonly workspace: string | null;
}

/** Whether the log is whole, and the signed line that proves later what it is today. */
export function CheckpointSection({ workspace }: Props) {
  const client = useQueryClient();
  const newest = useQuery(checkpointQuery(workspace));
  const sign = useMutation({
    mutationFn: () => signCheckpoint(workspace),
    onSuccess: () => client.invalidateQueries({ queryKey: ["audit", workspace ?? "box"] }),
  });
  const error = sign.error ?? newest.error;
  return (
    <Section
      title={t("checkpoint.title")}
      aside={
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconSignature size={15} aria-hidden />}
          loading={sign.isPending}
          onClick={() => sign.mutate()}
        >
          {t("checkpoint.sign")}
        </Button>
      }
    >
      <div className="hf-stack">
        <p className="hf-text">{t("checkpoint.lead")}</p>
        <div className={classes.chain}>
          <ChainState workspace={workspace} />
        </div>
        {error && <ProblemAlert error={error} onRetry={() => void newest.refetch()} />}
        {newest.data ? (
          <Newest checkpoint={newest.data} />
        ) : newest.isPending ? (
          <SkeletonLines count={4} />
        ) : (
          !newest.error && <p className="hf-small">{t("checkpoint.none")}</p>
        )}
        {newest.data && <Earlier workspace={workspace} />}
      </div>
    </Section>
  );
}

function Newest({ checkpoint }: { readonly checkpoint: Checkpoint }) {
  const format = useFormat();
  return (
    <div className={classes.checkpoint}>
      <div className="hf-stack">
        <Facts
          facts={[
            { label: t("checkpoint.size"), value: format.integer(checkpoint.size) },
            { label: t("checkpoint.at"), value: <When at={checkpoint.at} /> },
          ]}
        />
        <div className={classes.noteText}>
          <CopyText text={checkpoint.note} label={t("checkpoint.note")} />
        </div>
        <div>
          <p className="hf-small">{t("checkpoint.key")}</p>
          <CopyText text={checkpoint.key} label={t("checkpoint.key")} />
        </div>
        <div className="hf-flow">
          <Save checkpoint={checkpoint} />
        </div>
      </div>
      <Suspense fallback={<div className={classes.qr} aria-busy />}>
        <QrCode text={checkpoint.note} label={t("checkpoint.qr")} className={classes.qr} />
      </Suspense>
    </div>
  );
}

function Save({ checkpoint }: { readonly checkpoint: Checkpoint }) {
  const format = useFormat();
  return (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={<IconDownload size={15} aria-hidden />}
      aria-label={t("checkpoint.saveOf", { size: format.integer(checkpoint.size) })}
      onClick={() => saveText(`checkpoint-${checkpoint.size}.txt`, checkpoint.note)}
    >
      {t("checkpoint.save")}
    </Button>
  );
}

function Earlier({ workspace }: Props) {
  const format = useFormat();
  const list = useQuery(checkpointsQuery(workspace));
  const earlier = list.data?.items.slice(1) ?? [];
  if (earlier.length === 0) return null;
  return (
    <details>
      <summary className={classes.summary}>{t("checkpoint.earlier")}</summary>
      <RowList label={t("checkpoint.earlier")}>
        {earlier.map((one) => (
          <RowEntry
            key={`${one.size} ${one.at}`}
            title={t("checkpoint.entries", {
              count: one.size,
              shown: format.integer(one.size),
            })}
            line={<When at={one.at} />}
            actions={<Save checkpoint={one} />}
          />
        ))}
      </RowList>
    </details>
  );
}
