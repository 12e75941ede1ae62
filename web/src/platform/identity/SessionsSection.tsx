import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { IconDeviceDesktop, IconDeviceMobile, IconTerminal2 } from "@tabler/icons-react";
import { useState } from "react";
import type { Session } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { Loaded } from "@/ui/Loaded";
import { Section } from "@/ui/Page";
import { RowEntry, RowList } from "@/ui/RowList";
import { Tag } from "@/ui/Tag";
import { toastDone } from "@/ui/toast";
import { deviceOf } from "./browserName";
import { endOtherSessions, endSession, sessionsQuery } from "./queries";
import classes from "./account.module.css";

export function SessionsSection() {
  const client = useQueryClient();
  const sessions = useQuery(sessionsQuery);
  const [doomed, setDoomed] = useState<Session | null>(null);
  const [endsOthers, setEndsOthers] = useState(false);
  const others = sessions.data?.items.filter((one) => !one.is_current).length ?? 0;
  const end = async () => {
    if (doomed) await endSession(doomed.id);
    await client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
    setDoomed(null);
    toastDone(t("account.sessions.ended"));
  };
  const endOthers = async () => {
    await endOtherSessions();
    await client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
    setEndsOthers(false);
    toastDone(t("account.sessions.othersDone"));
  };
  return (
    <Section
      title={t("account.sessions")}
      aside={
        others > 0 && (
          <Button size="compact-sm" variant="default" onClick={() => setEndsOthers(true)}>
            {t("account.sessions.endOthers")}
          </Button>
        )
      }
    >
      <p className={classes.lead}>{t("account.sessions.lead")}</p>
      <Loaded query={sessions} lines={3}>
        {(data) => (
          <RowList label={t("account.sessions")}>
            {ownFirst(data.items).map((session) => (
              <SessionRow key={session.id} session={session} onEnd={() => setDoomed(session)} />
            ))}
          </RowList>
        )}
      </Loaded>
      <Confirm
        opened={doomed !== null}
        title={t("account.sessions.endTitle", { name: doomed ? sessionName(doomed) : "" })}
        confirmLabel={t("account.signOut")}
        onClose={() => setDoomed(null)}
        onConfirm={end}
      >
        {t("account.sessions.endBody")}
      </Confirm>
      <Confirm
        opened={endsOthers}
        title={t("account.sessions.othersTitle", { count: others })}
        confirmLabel={t("account.sessions.endOthers")}
        onClose={() => setEndsOthers(false)}
        onConfirm={endOthers}
      >
        {t("account.sessions.othersBody")}
      </Confirm>
    </Section>
  );
}

function SessionRow({ session, onEnd }: { readonly session: Session; readonly onEnd: () => void }) {
  const format = useFormat();
  const name = sessionName(session);
  const device = deviceOf(session.user_agent);
  const Symbol = device.isPhone
    ? IconDeviceMobile
    : device.browser === "curl" || device.browser === null
      ? IconTerminal2
      : IconDeviceDesktop;
  return (
    <RowEntry
      symbol={<Symbol size={20} stroke={1.6} aria-hidden />}
      title={
        <span title={session.user_agent ?? undefined} translate="no">
          {name}
        </span>
      }
      tags={session.is_current && <Tag tone="good">{t("account.sessions.this")}</Tag>}
      line={[
        session.ip,
        t("account.sessions.seen", { when: format.when(session.last_seen_at) }),
        t("account.sessions.since", { date: format.date(session.created_at) }),
      ]
        .filter(Boolean)
        .join(" · ")}
      actions={
        !session.is_current && (
          <Button
            size="compact-sm"
            variant="default"
            onClick={onEnd}
            aria-label={t("account.sessions.endOf", { name })}
          >
            {t("account.sessions.end")}
          </Button>
        )
      }
    />
  );
}

function sessionName(session: Session): string {
  const { browser, system } = deviceOf(session.user_agent);
  if (browser && system) return t("account.sessions.on", { browser, system });
  return browser ?? system ?? t("account.sessions.unknown");
}

/** The session that asks stands first, the others newest first. */
function ownFirst(sessions: readonly Session[]): Session[] {
  return sessions.toSorted((a, b) => Number(b.is_current) - Number(a.is_current));
}
