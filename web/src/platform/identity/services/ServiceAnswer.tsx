import { useQueryClient } from "@tanstack/react-query";
import type { ServiceAccount } from "@/api/types";
import { t } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { toastDone } from "@/ui/toast";
import { changeService, deleteService, renewSecret, servicesQuery } from "./queries";
import { KeysDialog } from "./KeysDialog";
import { ServiceDialog } from "./ServiceDialog";
import { ServiceSecret } from "./ServiceSecret";

export type Act =
  | { readonly kind: "new"; readonly workspace: string | null }
  | {
      readonly kind: "edit" | "keys" | "secret" | "turn" | "delete";
      readonly account: ServiceAccount;
    }
  | { readonly kind: "shown"; readonly name: string; readonly id: string; readonly secret: string };

interface Props {
  readonly act: Act;
  readonly onAct: (act: Act) => void;
  readonly onClose: () => void;
}

/** The dialog of what was chosen for an account, and its outcome. */
export function ServiceAnswer({ act, onAct, onClose }: Props) {
  const client = useQueryClient();
  const refresh = () => client.invalidateQueries({ queryKey: servicesQuery.queryKey });
  const done = async (text: string) => {
    await refresh();
    toastDone(text);
    onClose();
  };
  switch (act.kind) {
    case "new":
    case "edit":
      return (
        <ServiceDialog
          {...(act.kind === "new" ? { workspace: act.workspace } : { account: act.account })}
          onSaved={(name, id, secret) => {
            void refresh();
            if (secret) return onAct({ kind: "shown", name, id, secret });
            toastDone(t("service.saved", { name }));
            onClose();
          }}
          onClose={onClose}
        />
      );
    case "shown":
      return <ServiceSecret name={act.name} id={act.id} secret={act.secret} onClose={onClose} />;
    case "keys":
      return <KeysDialog id={act.account.id} name={act.account.name} onClose={onClose} />;
    case "secret": {
      const { id, name, client_id, has_secret } = act.account;
      return (
        <Confirm
          opened
          title={t("service.renewTitle", { name })}
          confirmLabel={t("service.renew")}
          isDanger={has_secret}
          onClose={onClose}
          onConfirm={async () => {
            const secret = await renewSecret(id);
            void refresh();
            onAct({ kind: "shown", name, id: client_id, secret });
          }}
        >
          {t(has_secret ? "service.renewBody" : "service.renewFirst")}
        </Confirm>
      );
    }
    case "turn": {
      const { id, name, disabled } = act.account;
      return (
        <Confirm
          opened
          title={t(disabled ? "service.enableTitle" : "service.disableTitle", { name })}
          confirmLabel={t(disabled ? "service.enable" : "service.disable")}
          isDanger={!disabled}
          onClose={onClose}
          onConfirm={async () => {
            await changeService(id, { disabled: !disabled });
            await done(t("service.saved", { name }));
          }}
        >
          {t(disabled ? "service.enableBody" : "service.disableBody")}
        </Confirm>
      );
    }
    case "delete": {
      const { id, name } = act.account;
      return (
        <Confirm
          opened
          title={t("service.deleteTitle", { name })}
          confirmLabel={t("service.delete")}
          typed={name}
          onClose={onClose}
          onConfirm={async () => {
            await deleteService(id);
            await done(t("service.deleted", { name }));
          }}
        >
          {t("service.deleteBody")}
        </Confirm>
      );
    }
  }
}
