import { IconLock } from "@tabler/icons-react";
import { t } from "@/i18n";
import { Page } from "@/ui/Page";
import { StateBlock } from "@/ui/StateBlock";
import { useMe } from "../../identity/queries";
import { MailSection } from "./MailSection";
import { OutboxSection } from "./OutboxSection";
import type { OutboxState } from "./queries";
import { WebhooksSection } from "./WebhooksSection";

export interface DeliverySearch {
  readonly state?: OutboxState;
}

/** How notices leave the box: by mail, by signed calls, and what became of them. */
export function DeliveryScreen() {
  const me = useMe();
  const title = t("delivery.title");
  if (!me.is_operator)
    return (
      <Page title={title} tabTitle={title}>
        <StateBlock
          icon={IconLock}
          title={t("problem.forbiddenTitle")}
          text={t("delivery.forbidden")}
        />
      </Page>
    );
  return (
    <Page title={title} tabTitle={title} subtitle={t("delivery.lead")} layout="form">
      <MailSection />
      <WebhooksSection />
      <OutboxSection />
    </Page>
  );
}
