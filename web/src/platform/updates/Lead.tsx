import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { UpdateOffer, UpdatesStatus } from "@/api/types";
import { t, tDynamic, useFormat } from "@/i18n";
import { Notice } from "@/ui/Notice";
import { Section } from "@/ui/Page";
import { Tag } from "@/ui/Tag";
import { toastFailed } from "@/ui/toast";
import { Notes } from "./Notes";
import { prepareUpdate, UPDATES_KEY } from "./queries";
import { leadOf, severityTone } from "./rules";
import { UnderWay } from "./UnderWay";

interface Props {
  readonly status: UpdatesStatus;
  readonly onPlan: () => void;
  readonly onRollback: () => void;
}

/** What matters now: what keeps the box from updating, what goes on, or what is offered. */
export function Lead({ status, onPlan, onRollback }: Props) {
  const format = useFormat();
  const lead = leadOf(status);
  const { feed, offer, supervision } = status;
  return (
    <>
      {supervision.alerts.map((alert) => (
        <Notice key={alert.code} tone="danger" title={t("updates.alert")}>
          <span lang="en">{alert.detail}</span>
        </Notice>
      ))}
      {feed.stale_since && (
        <Notice
          tone="caution"
          title={t("updates.stale", { at: format.dateTime(feed.stale_since) })}
        />
      )}
      {offer?.critical_since && (
        <Notice
          tone="danger"
          title={t("updates.critical", { at: format.dateTime(offer.critical_since) })}
        />
      )}
      {lead === "alone" && (
        <Notice tone="caution" title={t("updates.alone")}>
          {t("updates.aloneText")}{" "}
          <a href="/help/updates#the-supervisor">{t("updates.aloneHow")}</a>
        </Notice>
      )}
      {lead === "noRoot" && (
        <Notice tone="caution" title={t("updates.noRoot")}>
          {t("updates.noRootText")}
        </Notice>
      )}
      {lead === "fails" && (
        <Notice tone="caution" title={t("updates.feedFails")}>
          <span lang="en">{feed.problem?.detail}</span>
        </Notice>
      )}
      {lead === "notAsked" && <Notice tone="info" title={t("updates.notAsked")} />}
      {lead === "upToDate" && <Notice tone="good" title={t("updates.upToDate")} />}
      {lead === "busy" && status.under_way && (
        <UnderWay underWay={status.under_way} onPlan={onPlan} onRollback={onRollback} />
      )}
      {lead === "offer" && offer && <Offer offer={offer} />}
    </>
  );
}

function Offer({ offer }: { readonly offer: UpdateOffer }) {
  const format = useFormat();
  const client = useQueryClient();
  const [isSending, setSending] = useState(false);
  const prepare = async () => {
    setSending(true);
    try {
      await prepareUpdate(offer);
      await client.invalidateQueries({ queryKey: UPDATES_KEY });
    } catch (cause) {
      toastFailed(cause);
    } finally {
      setSending(false);
    }
  };
  const line = t("updates.offerLine", {
    at: format.dateTime(offer.released_at),
    size: format.bytes(offer.size_bytes),
  });
  return (
    <Section
      title={t("updates.offer", { version: offer.version })}
      aside={
        <Tag tone={severityTone(offer.severity)}>
          {tDynamic(`updates.severity.${offer.severity}`, offer.severity)}
        </Tag>
      }
    >
      <div className="hf-stack">
        <p className="hf-small">{line}</p>
        {offer.is_bundled && (
          <Notice tone={offer.is_stale ? "caution" : "info"} title={t("updates.offerFile")}>
            {offer.is_stale && t("updates.offerStale")}
          </Notice>
        )}
        {offer.notes ? <Notes markdown={offer.notes} /> : <p>{t("updates.noNotes")}</p>}
        <p className="hf-text">{t("updates.prepareHelp")}</p>
        <div>
          <Button loading={isSending} onClick={() => void prepare()}>
            {t("updates.prepare")}
          </Button>
        </div>
      </div>
    </Section>
  );
}
