import { Menu } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconWebhook } from "@tabler/icons-react";
import { useState } from "react";
import type { Webhook } from "@/api/types";
import { t } from "@/i18n";
import { ActionsMenu } from "@/ui/ActionsMenu";
import { AddButton } from "@/ui/AddButton";
import { Loaded } from "@/ui/Loaded";
import { Section } from "@/ui/Page";
import { RowEntry, RowList } from "@/ui/RowList";
import { Tag } from "@/ui/Tag";
import { useMe } from "../../identity/queries";
import { LastTry } from "./LastTry";
import { webhooksQuery } from "./queries";
import { WebhookAnswer, type WebhookAct } from "./WebhookAnswer";

/** Receivers of signed calls: each with what it hears of and how the last call ended. */
export function WebhooksSection() {
  const webhooks = useQuery(webhooksQuery);
  const [act, setAct] = useState<WebhookAct | null>(null);
  return (
    <Section
      title={t("webhook.title")}
      aside={<AddButton label={t("webhook.new")} onAdd={() => setAct({ kind: "new" })} />}
    >
      <div className="hf-stack">
        <p className="hf-text">{t("webhook.lead")}</p>
        <Loaded query={webhooks} lines={2}>
          {(rows) =>
            rows.length === 0 ? (
              <p className="hf-note">{t("webhook.none")}</p>
            ) : (
              <RowList label={t("webhook.title")}>
                {rows.map((one) => (
                  <WebhookRow key={one.id} webhook={one} onAct={setAct} />
                ))}
              </RowList>
            )
          }
        </Loaded>
      </div>
      {act && <WebhookAnswer act={act} onAct={setAct} onClose={() => setAct(null)} />}
    </Section>
  );
}

function WebhookRow({
  webhook,
  onAct,
}: {
  readonly webhook: Webhook;
  readonly onAct: (act: WebhookAct) => void;
}) {
  const { name, url, kinds, enabled, last } = webhook;
  const place = usePlace(webhook);
  const what = kinds.length === 0 ? t("webhook.all") : t("webhook.some", { count: kinds.length });
  const acts = ["test", "edit", "turn", "remove"] as const;
  const labels = {
    test: t("webhook.test"),
    edit: t("webhook.edit"),
    turn: t(enabled ? "webhook.disable" : "webhook.enable"),
    remove: t("webhook.remove"),
  };
  return (
    <RowEntry
      symbol={<IconWebhook size={20} stroke={1.6} aria-hidden />}
      title={name}
      tags={!enabled && <Tag tone="caution">{t("webhook.off")}</Tag>}
      line={
        <>
          <span className="hf-mono" translate="no">
            {url}
          </span>
          {" · "}
          <bdi>{[what, place].filter(Boolean).join(" · ")}</bdi>
          {last && <LastTry last={last} />}
        </>
      }
      actions={
        <ActionsMenu label={t("webhook.actions", { name })}>
          {acts.map((kind) => (
            <Menu.Item key={kind} onClick={() => onAct({ kind, webhook })}>
              {labels[kind]}
            </Menu.Item>
          ))}
        </ActionsMenu>
      }
    />
  );
}

/** The workspace it hears of, where it is one. */
function usePlace({ workspace_id: id }: Webhook): string {
  const me = useMe();
  if (!id) return "";
  return me.workspaces.find((one) => one.id === id)?.name ?? t("service.otherPlace");
}
