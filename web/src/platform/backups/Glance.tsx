import type { ReactNode } from "react";
import type { Backup } from "@/api/types";
import { t } from "@/i18n";
import { When } from "@/ui/values";
import { isVerified } from "./rules";
import { momentOf } from "./words";
import classes from "./backups.module.css";

/** What one wants to know first: how old is what could be brought back. */
export function Glance({ backups }: { readonly backups: readonly Backup[] }) {
  const sent = backups.find((one) => one.state === "uploaded");
  const verified = backups.find(isVerified);
  return (
    <dl className={classes.glance}>
      <Figure label={t("backups.newest")}>
        {sent ? <When at={momentOf(sent)} /> : t("backups.notYet")}
      </Figure>
      <Figure label={t("backups.newestVerified")} tone={verified ? "good" : "caution"}>
        {verified ? <When at={momentOf(verified)} /> : t("backups.notYet")}
      </Figure>
    </dl>
  );
}

export function Figure({
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
