import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { MyWorkspace } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { sinceQuery } from "@/platform/audit/queries";
import { actorName, Sentence } from "@/platform/audit/sentence";
import { useMe } from "@/platform/identity/queries";
import { readStored, writeStored } from "@/theme/appearance";
import { Section } from "@/ui/Page";
import { Initials, When } from "@/ui/values";
import { beHere, readVisits } from "./visits";
import classes from "./today.module.css";

const ROWS = 8;

/** What others did here since one's last visit, for those who may read the log. */
export default function SinceLast({ workspace }: { readonly workspace: MyWorkspace }) {
  const me = useMe();
  const format = useFormat();
  const since = useLastVisit(`holdfast.here.${me.id}.${workspace.id}`);
  const entries = useQuery({
    ...sinceQuery(workspace.id, since ?? ""),
    enabled: since !== null && workspace.permissions.includes("audit.read"),
  });
  const others = (entries.data ?? []).filter(
    (entry) => entry.outcome !== "refused" && entry.actor.id !== me.id,
  );
  if (since === null || others.length === 0) return null;
  return (
    <Section
      title={t("today.since", { when: format.when(since) })}
      aside={
        <Link
          to="/w/$workspace/audit"
          params={{ workspace: workspace.id }}
          search={{ from: since }}
        >
          {t("today.sinceAll")}
        </Link>
      }
    >
      <ul className={classes.list}>
        {others.slice(0, ROWS).map((entry) => (
          <li key={entry.seq} className={classes.entry}>
            <Initials name={actorName(entry, me.id)} seed={entry.actor.id ?? ""} />
            <span className={classes.sentence}>
              <Sentence entry={entry} myId={me.id} />
            </span>
            <span className="hf-dim">
              <When at={entry.at} />
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

/** When this browser was last here before this visit; remembered at the first look. */
function useLastVisit(key: string): string | null {
  const [since] = useState(() => {
    const now = beHere(readVisits(readStored(key)), Date.now());
    writeStored(key, JSON.stringify(now));
    return now.since;
  });
  return since === null ? null : new Date(since).toISOString();
}
