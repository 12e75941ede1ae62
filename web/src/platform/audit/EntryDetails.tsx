import { Button } from "@mantine/core";
import type { AuditEntry } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Facts } from "@/ui/Facts";
import { allOf, type AuditFilter } from "./filter";
import { RawEntry } from "./RawEntry";
import classes from "./audit.module.css";

/** The entry as it is chained, for whoever wants to check it. */
export function EntryDetails({
  entry,
  workspace,
  isPeople,
  onNarrow,
}: {
  readonly entry: AuditEntry;
  readonly workspace: string | null;
  readonly isPeople: boolean;
  readonly onNarrow: (filter: AuditFilter) => void;
}) {
  const format = useFormat();
  const object = entry.object.id;
  const actor = entry.actor.id;
  const mono = (text: string) => <span className="hf-mono">{text}</span>;
  return (
    <div className={classes.details}>
      <Facts
        facts={[
          { label: t("audit.seq"), value: entry.seq },
          { label: t("audit.when"), value: format.exact(entry.at) },
          { label: t("audit.action"), value: mono(entry.action) },
          {
            label: t("audit.object"),
            value: mono(`${entry.object.kind} ${entry.object.id ?? ""}`),
          },
          entry.ip ? { label: t("audit.where"), value: mono(entry.ip) } : null,
          entry.user_agent ? { label: t("audit.userAgent"), value: entry.user_agent } : null,
          entry.request_id ? { label: t("audit.request"), value: mono(entry.request_id) } : null,
          { label: t("audit.prevHash"), value: mono(entry.prev_hash) },
          { label: t("audit.hash"), value: mono(entry.hash) },
        ]}
      />
      <div className="hf-flow">
        {object && !isPeople && (
          <Button size="xs" variant="default" onClick={() => onNarrow({ object })}>
            {t("audit.sameObject")}
          </Button>
        )}
        {actor && (
          <Button
            size="xs"
            variant="default"
            onClick={() => onNarrow({ ...allOf(isPeople), actor })}
          >
            {t("audit.sameActor")}
          </Button>
        )}
      </div>
      <details open={Object.keys(entry.changes).length > 0}>
        <summary>{t("audit.changes")}</summary>
        <pre className={classes.raw} tabIndex={0}>
          {JSON.stringify(entry.changes, null, 2)}
        </pre>
      </details>
      <RawEntry key={entry.seq} workspace={workspace} isPeople={isPeople} seq={entry.seq} />
    </div>
  );
}
