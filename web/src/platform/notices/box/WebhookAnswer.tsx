import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { LastAttempt, Webhook } from "@/api/types";
import { t } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { SecretDialog, SecretLine } from "@/ui/SecretDialog";
import { toastDone } from "@/ui/toast";
import { LastTry } from "./LastTry";
import { changeWebhook, DELIVERY_KEY, removeWebhook, testWebhook } from "./queries";
import { WebhookDialog } from "./WebhookDialog";

export type WebhookAct =
  | { readonly kind: "new" }
  | { readonly kind: "test" | "edit" | "turn" | "remove"; readonly webhook: Webhook }
  | { readonly kind: "shown"; readonly name: string; readonly secret: string };

interface Props {
  readonly act: WebhookAct;
  readonly onAct: (act: WebhookAct) => void;
  readonly onClose: () => void;
}

/** The dialog of what was chosen for a receiver, and its outcome. */
export function WebhookAnswer({ act, onAct, onClose }: Props) {
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: DELIVERY_KEY });
  const done = async (text: string) => {
    await refresh();
    toastDone(text);
    onClose();
  };
  switch (act.kind) {
    case "new":
    case "edit":
      return (
        <WebhookDialog
          {...(act.kind === "edit" ? { webhook: act.webhook } : {})}
          onSaved={({ name, secret }) => {
            if (!secret) return void done(t("webhook.saved", { name }));
            void refresh();
            onAct({ kind: "shown", name, secret });
          }}
          onClose={onClose}
        />
      );
    case "shown":
      return (
        <SecretDialog
          title={t("webhook.secretTitle", { name: act.name })}
          warning={t("webhook.secretOnce")}
          onClose={onClose}
        >
          <SecretLine label={t("webhook.secret")} text={act.secret} />
          <p className="hf-note">{t("webhook.secretUse")}</p>
        </SecretDialog>
      );
    case "test":
      return <TestDialog webhook={act.webhook} onTried={refresh} onClose={onClose} />;
    case "turn": {
      const { id, name, enabled } = act.webhook;
      return (
        <Confirm
          opened
          title={t(enabled ? "webhook.disableTitle" : "webhook.enableTitle", { name })}
          confirmLabel={t(enabled ? "webhook.disable" : "webhook.enable")}
          isDanger={enabled}
          onClose={onClose}
          onConfirm={async () => {
            await changeWebhook(id, { enabled: !enabled });
            await done(t("webhook.saved", { name }));
          }}
        >
          {t(enabled ? "webhook.disableBody" : "webhook.enableBody")}
        </Confirm>
      );
    }
    case "remove": {
      const { id, name } = act.webhook;
      return (
        <Confirm
          opened
          title={t("webhook.removeTitle", { name })}
          confirmLabel={t("webhook.remove")}
          onClose={onClose}
          onConfirm={async () => {
            await removeWebhook(id);
            await done(t("webhook.removed", { name }));
          }}
        >
          {t("webhook.removeBody")}
        </Confirm>
      );
    }
  }
}

/** Calls the receiver right now and says how that ended. */
function TestDialog({
  webhook,
  onTried,
  onClose,
}: {
  readonly webhook: Webhook;
  readonly onTried: () => Promise<void>;
  readonly onClose: () => void;
}) {
  const [outcome, setOutcome] = useState<LastAttempt | null>(null);
  return (
    <Confirm
      opened
      title={t("webhook.testTitle", { name: webhook.name })}
      confirmLabel={t(outcome ? "webhook.testAgain" : "webhook.testCall")}
      cancelLabel={t("ui.close")}
      isDanger={false}
      onClose={onClose}
      onConfirm={async () => {
        setOutcome(null);
        try {
          setOutcome(await testWebhook(webhook.id));
        } finally {
          await onTried();
        }
      }}
    >
      <div className="hf-stack" aria-live="polite">
        <p className="hf-text">{t("webhook.testBody")}</p>
        {outcome && <LastTry last={outcome} />}
      </div>
    </Confirm>
  );
}
