import { Button } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconShieldLock } from "@tabler/icons-react";
import { useState } from "react";
import { t } from "@/i18n";
import type { Backup } from "@/api/types";
import { Notice } from "@/ui/Notice";
import { Page } from "@/ui/Page";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { OperatorsOnly } from "../identity/OperatorsOnly";
import { useBoxEvents } from "../live/useBoxEvents";
import { BackupAnswer, type BackupAct } from "./BackupAnswer";
import { BackupDialog, type BackupDeed } from "./BackupDialog";
import { DrillDialog } from "./DrillDialog";
import { FirstBackup } from "./FirstBackup";
import { Glance } from "./Glance";
import { KitsSection } from "./KitsSection";
import { backupsQuery, kitsQuery, stateQuery, targetsQuery } from "./queries";
import { RetentionSection } from "./RetentionSection";
import { newestWhole, safetyOf } from "./rules";
import { RestoreDialog } from "./restores/RestoreDialog";
import { RestoresSection } from "./restores/RestoresSection";
import { RunningBackup } from "./RunningBackup";
import { TargetsSection } from "./targets/TargetsSection";
import { Timeline } from "./Timeline";
import { Troubles } from "./Troubles";
import { useRunBackup } from "./useRunBackup";
import classes from "./backups.module.css";

export interface BackupsSearch {
  /** The backup that is looked at. */
  readonly panel?: string;
  /** The workspace that is to be brought back. */
  readonly restore?: string;
}

const LIVE = ["backup"];

/** Backups: what is made, where it goes, what opens it, and what is wrong with any of that. */
export function BackupsScreen() {
  useBoxEvents(LIVE);
  return (
    <OperatorsOnly title={t("backups.title")} text={t("backups.forbidden")}>
      <Backups />
    </OperatorsOnly>
  );
}

function Backups() {
  const { panel, restore } = useSearch({ from: "/frame/box/backups" });
  const navigate = useNavigate({ from: "/box/backups" });
  const [act, setAct] = useState<BackupAct | null>(null);
  const [deed, setDeed] = useState<{ kind: BackupDeed; backup: Backup } | null>(null);
  const backups = useInfiniteQuery(backupsQuery);
  const kits = useQuery(kitsQuery);
  const targets = useQuery(targetsQuery);
  const state = useQuery(stateQuery);
  const rows = backups.data?.pages.flatMap((page) => page.items) ?? [];
  const error = backups.error ?? kits.error ?? targets.error ?? state.error;
  const show = (id: string | null) =>
    void navigate({ search: id ? { panel: id } : {}, replace: true });
  const run = useRunBackup();
  const retry = () => {
    for (const query of [backups, kits, targets, state]) void query.refetch();
  };
  if (!backups.data || !kits.data || !targets.data || !state.data)
    return (
      <Page
        title={t("backups.title")}
        tabTitle={t("backups.title")}
        isLoading={!error}
        error={error}
        onRetry={retry}
      />
    );
  const { job } = run;
  const safety = safetyOf(targets.data, kits.data.items, rows);
  const whole = newestWhole(rows);
  const mayRun = safety.hasTarget && safety.hasKit;
  return (
    <Page
      title={t("backups.title")}
      tabTitle={t("backups.title")}
      subtitle={t("backups.lead")}
      actions={
        mayRun &&
        safety.hasBackup && (
          <Button
            leftSection={<IconShieldLock size={16} aria-hidden />}
            loading={run.isSending}
            disabled={run.isRunning}
            onClick={() => void run.start()}
          >
            {t("backups.runNow")}
          </Button>
        )
      }
    >
      {/* What is open stays open when it cannot be read anew: a kit is shown only once. */}
      {error && <ProblemAlert error={error} onRetry={retry} />}
      <Troubles
        backups={rows}
        state={state.data}
        targets={targets.data}
        onRestore={(id) => void navigate({ search: { restore: id }, replace: true })}
      />
      {restore && !whole && <Notice tone="caution">{t("backups.trouble.noBackup")}</Notice>}
      <FirstBackup
        safety={safety}
        kits={kits.data.items}
        isRunning={run.isRunning || run.isSending}
        onAct={setAct}
        onRun={() => void run.start()}
      />
      {job.error && <ProblemAlert error={job.error} onRetry={() => void job.refetch()} />}
      {job.data && run.isRunning && <RunningBackup job={job.data} readAt={job.dataUpdatedAt} />}
      {rows.length > 0 && <Glance state={state.data} />}
      <div className={classes.columns}>
        <div className={classes.side}>
          <Timeline
            backups={rows}
            hasMore={backups.hasNextPage}
            isLoadingMore={backups.isFetchingNextPage}
            onMore={() => void backups.fetchNextPage()}
            onOpen={show}
          />
          <RestoresSection />
        </div>
        <div className={classes.side}>
          <TargetsSection targets={targets.data} onAct={setAct} />
          <KitsSection kits={kits.data.items} onAct={setAct} />
          <RetentionSection />
        </div>
      </div>
      {panel && (
        <BackupDialog
          key={panel}
          id={panel}
          onDeed={(kind, backup) => {
            show(null);
            setDeed({ kind, backup });
          }}
          onClose={() => show(null)}
        />
      )}
      {deed?.kind === "drill" && (
        <DrillDialog backup={deed.backup} box={kits.data} onClose={() => setDeed(null)} />
      )}
      {deed?.kind === "restore" && (
        <RestoreDialog
          backups={rows}
          backup={deed.backup}
          box={kits.data}
          onClose={() => setDeed(null)}
        />
      )}
      {restore && whole && (
        <RestoreDialog
          key={restore}
          backups={rows}
          backup={whole}
          workspace={restore}
          box={kits.data}
          onClose={() => show(null)}
        />
      )}
      {act && (
        <BackupAnswer
          act={act}
          box={kits.data}
          targets={targets.data}
          onAct={setAct}
          onClose={() => setAct(null)}
        />
      )}
    </Page>
  );
}
