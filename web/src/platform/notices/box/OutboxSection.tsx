import { Button } from "@mantine/core";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconMail, IconWebhook } from "@tabler/icons-react";
import { useState } from "react";
import type { Parcel } from "@/api/types";
import { t, tDynamic } from "@/i18n";
import { FilterBar, FilterChip } from "@/ui/FilterChips";
import { Section } from "@/ui/Page";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { RowEntry, RowList } from "@/ui/RowList";
import { SkeletonLines } from "@/ui/Skeleton";
import { Tag, type TagTone } from "@/ui/Tag";
import { toastDone, toastFailed } from "@/ui/toast";
import { When } from "@/ui/values";
import { settingsQuery } from "../queries";
import { DELIVERY_KEY, OUTBOX_STATES, outboxQuery, sendAgain, type OutboxState } from "./queries";
import classes from "./delivery.module.css";

/** What has to leave the box and what has left it, newest first. */
export function OutboxSection() {
  const { state } = useSearch({ from: "/frame/box/delivery" });
  const navigate = useNavigate({ from: "/box/delivery" });
  const outbox = useInfiniteQuery(outboxQuery(state));
  const rows = outbox.data?.pages.flatMap((page) => page.items) ?? [];
  const choose = (next: string | null) => {
    const chosen = OUTBOX_STATES.find((one) => one === next);
    void navigate({ search: chosen ? { state: chosen } : {}, replace: true });
  };
  return (
    <Section title={t("outbox.title")}>
      <div className="hf-stack">
        <p className="hf-text">{t("outbox.lead")}</p>
        <FilterBar>
          <FilterChip
            label={t("outbox.state")}
            value={state ?? null}
            options={OUTBOX_STATES.map((value) => ({ value, label: t(`outbox.state.${value}`) }))}
            onChange={choose}
          />
        </FilterBar>
        {outbox.error && rows.length === 0 ? (
          <ProblemAlert error={outbox.error} onRetry={() => void outbox.refetch()} />
        ) : outbox.isPending ? (
          <SkeletonLines count={4} />
        ) : rows.length === 0 ? (
          <p className="hf-note">{t(state ? "outbox.noneSuch" : "outbox.none")}</p>
        ) : (
          <RowList label={t("outbox.title")}>
            {rows.map((one) => (
              <ParcelRow key={one.id} parcel={one} />
            ))}
          </RowList>
        )}
        {outbox.hasNextPage && (
          <div>
            <Button
              size="compact-sm"
              variant="default"
              loading={outbox.isFetchingNextPage}
              onClick={() => void outbox.fetchNextPage()}
            >
              {t("outbox.older")}
            </Button>
          </div>
        )}
      </div>
    </Section>
  );
}

const TONES: Readonly<Record<OutboxState, TagTone>> = {
  waiting: "info",
  sent: "good",
  failed: "danger",
};

function ParcelRow({ parcel }: { readonly parcel: Parcel }) {
  const client = useQueryClient();
  const titles = useQuery(settingsQuery).data?.titles;
  const [isSending, setSending] = useState(false);
  const { channel, kind, state, to } = parcel;
  const Symbol = channel === "mail" ? IconMail : IconWebhook;
  const again = async () => {
    if (isSending) return;
    setSending(true);
    try {
      await sendAgain(parcel.id);
      toastDone(t("outbox.queued"));
    } catch (error) {
      toastFailed(error);
    } finally {
      setSending(false);
      await client.invalidateQueries({ queryKey: DELIVERY_KEY });
    }
  };
  return (
    <RowEntry
      symbol={<Symbol size={20} stroke={1.6} aria-label={t(`outbox.channel.${channel}`)} />}
      title={<What kind={kind} title={titles?.[kind]} />}
      tags={<Tag tone={TONES[state]}>{t(`outbox.state.${state}`)}</Tag>}
      line={
        <>
          <bdi>{to}</bdi>
          {" · "}
          <When at={parcel.created_at} />
          {parcel.tries > 0 && <> · {t("outbox.tries", { count: parcel.tries })}</>}
          {parcel.next_at && parcel.tries > 0 && (
            <>
              {" · "}
              {t("outbox.next")} <When at={parcel.next_at} />
            </>
          )}
          {parcel.last_error && state !== "sent" && (
            <div className={classes.detail} lang="en" translate="no">
              {parcel.last_error}
            </div>
          )}
        </>
      }
      actions={
        state !== "sent" && (
          <Button
            size="compact-sm"
            variant="default"
            loading={isSending}
            aria-label={t("outbox.retryOf", { to })}
            onClick={() => void again()}
          >
            {t("outbox.retry")}
          </Button>
        )
      }
    />
  );
}

/** The box names kinds of notices in the person's language; links and tests are named here. */
function What({ kind, title }: { readonly kind: string; readonly title: string | undefined }) {
  if (title) return <span translate="no">{title}</span>;
  return tDynamic(`outbox.kind.${kind}`, kind);
}
