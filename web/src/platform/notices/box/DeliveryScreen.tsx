import { t } from "@/i18n";
import { Page } from "@/ui/Page";
import { OperatorsOnly } from "../../identity/OperatorsOnly";
import { MailSection } from "./MailSection";
import { OutboxSection } from "./OutboxSection";
import type { OutboxState } from "./queries";
import { WebhooksSection } from "./WebhooksSection";

export interface DeliverySearch {
  readonly state?: OutboxState;
}

/** How notices leave the box: by mail, by signed calls, and what became of them. */
export function DeliveryScreen() {
  const title = t("delivery.title");
  return (
    <OperatorsOnly title={title} text={t("delivery.forbidden")}>
      <Page title={title} tabTitle={title} subtitle={t("delivery.lead")} layout="form">
        <MailSection />
        <WebhooksSection />
        <OutboxSection />
      </Page>
    </OperatorsOnly>
  );
}
