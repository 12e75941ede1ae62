import { useQueryClient } from "@tanstack/react-query";
import type { Webhook } from "@/api/types";
import { t } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { SecretDialog, SecretLine } from "@/ui/SecretDialog";
import { toastDone } from "@/ui/toast";
import { TryDialog } from "@/ui/TryDialog";
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
      return (
        <TryDialog
          title={t("webhook.testTitle", { name: act.webhook.name })}
          text={t("webhook.testBody")}
          tryLabel="webhook.testCall"
          againLabel="webhook.testAgain"
          send={() => testWebhook(act.webhook.id)}
          onTried={refresh}
          onClose={onClose}
        >
          {(outcome) => <LastTry last={outcome} />}
        </TryDialog>
      );
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
