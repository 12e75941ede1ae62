import { useQuery } from "@tanstack/react-query";
import type { AuditEntry } from "@/api/types";
import { t } from "@/i18n";
import { LinkButton } from "@/ui/LinkButton";
import { Loaded } from "@/ui/Loaded";
import { Section } from "@/ui/Page";
import { RowEntry, RowList } from "@/ui/RowList";
import { Tag } from "@/ui/Tag";
import { Initials, When } from "@/ui/values";
import { actorName, Sentence } from "../audit/sentence";
import { useMe } from "../identity/queries";
import { eventsQuery } from "./queries";

/** What happened lately to accounts and access. */
export function EventsSection({ workspace }: { readonly workspace: string | null }) {
  const me = useMe();
  const events = useQuery(eventsQuery(workspace));
  return (
    <Section title={t("security.events")} aside={<ToLog workspace={workspace} />}>
      <Loaded query={events} lines={5}>
        {(entries) =>
          entries.length === 0 ? (
            <p className="hf-small">{t("security.noEvents")}</p>
          ) : (
            <RowList label={t("security.events")}>
              {entries.map((entry) => (
                <RowEntry
                  key={entry.seq}
                  symbol={<Initials name={actorOf(entry)} seed={entry.actor.id ?? ""} />}
                  title={<Sentence entry={entry} myId={me.id} />}
                  tags={
                    entry.outcome === "refused" && <Tag tone="caution">{t("audit.refused")}</Tag>
                  }
                  line={
                    <>
                      <When at={entry.at} />
                      {entry.ip && (
                        <>
                          {" · "}
                          <span className="hf-mono">{entry.ip}</span>
                        </>
                      )}
                    </>
                  }
                />
              ))}
            </RowList>
          )
        }
      </Loaded>
    </Section>
  );
}

/** Never "You": the initials are those of the person everywhere. */
function actorOf(entry: AuditEntry): string {
  return entry.actor.name ?? actorName(entry, "");
}

function ToLog({ workspace }: { readonly workspace: string | null }) {
  if (workspace === null)
    return (
      <LinkButton
        to="/system/audit"
        search={{ action: "identity" }}
        size="compact-sm"
        variant="default"
      >
        {t("security.allEvents")}
      </LinkButton>
    );
  return (
    <LinkButton
      to="/w/$workspace/audit"
      params={{ workspace }}
      search={{ log: "people" }}
      size="compact-sm"
      variant="default"
    >
      {t("security.allEvents")}
    </LinkButton>
  );
}
