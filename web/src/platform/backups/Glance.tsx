import type { ReactNode } from "react";
import type { BackupState } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { When } from "@/ui/values";
import classes from "./backups.module.css";

const LATE = "backup-late";

/** What one wants to know first: how old is what could be brought back, and when is the next. */
export function Glance({ state }: { readonly state: BackupState }) {
  const format = useFormat();
  const { last_made_at, last_verified_at, last_drilled_at, next_run_at } = state;
  const isLate = state.trouble.some(({ code }) => code === LATE);
  return (
    <dl className={classes.glance}>
      <Figure label={t("backups.newest")}>
        {last_made_at ? <When at={last_made_at} /> : t("backups.notYet")}
      </Figure>
      <Figure
        label={t("backups.newestVerified")}
        tone={last_verified_at && !isLate ? "good" : "caution"}
      >
        {last_verified_at ? <When at={last_verified_at} /> : t("backups.notYet")}
      </Figure>
      <Figure label={t("backups.lastDrill")} tone={state.drill_due ? "caution" : "plain"}>
        {last_drilled_at ? <When at={last_drilled_at} /> : t("backups.never")}
      </Figure>
      <Figure label={t("backups.nextRun")}>
        {next_run_at ? format.dateTime(next_run_at) : t("backups.byHand")}
      </Figure>
    </dl>
  );
}

function Figure({
  label,
  tone = "plain",
  children,
}: {
  readonly label: string;
  readonly tone?: "plain" | "good" | "caution";
  readonly children: ReactNode;
}) {
  return (
    <div className={classes.figure} data-tone={tone}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
