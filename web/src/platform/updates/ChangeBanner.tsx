import { IconRefresh } from "@tabler/icons-react";
import type { UpdateChange } from "@/api/types";
import { t, useFormat, type Formatter } from "@/i18n";
import { Banner } from "@/ui/Banner";
import { pauseSeconds } from "./rules";

/** Says that the box changes its release, when, and how long it pauses for it. */
export function ChangeBanner({ change }: { readonly change: UpdateChange }) {
  const format = useFormat();
  return (
    <Banner
      icon={IconRefresh}
      tone="info"
      label={t("updates.news.label")}
      text={sentence(change, format)}
    />
  );
}

function sentence(change: UpdateChange, format: Formatter): string {
  const { version } = change.to;
  if (change.state === "watched") {
    if (!change.watched_until) return t("updates.news.runs", { version });
    const until = shortTime(change.watched_until, format);
    return `${t("updates.news.runs", { version })} ${t("updates.news.watched", { until })}`;
  }
  const pause = t("updates.news.pause", { count: pauseSeconds(change.expected_pause_ms) });
  return `${what(change, format)} ${pause}`;
}

function what(change: UpdateChange, format: Formatter): string {
  const { version } = change.to;
  if (change.begins_at) {
    return t("updates.news.coming", { version, at: shortTime(change.begins_at, format) });
  }
  const isBack = change.kind === "rollback";
  return t(isBack ? "updates.news.goingBack" : "updates.news.underWay", { version });
}

/** The time alone today, the day with it otherwise. */
function shortTime(iso: string, format: Formatter): string {
  const isToday = format.date(iso) === format.date(new Date().toISOString());
  return isToday ? format.time(iso) : format.dateTime(iso);
}
