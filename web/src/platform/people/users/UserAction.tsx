import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { UserDetails } from "@/api/types";
import { t } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { Notice } from "@/ui/Notice";
import { toastDone } from "@/ui/toast";
import { meQuery, useMe } from "../../identity/queries";
import { changeUser, signOutUser, USERS } from "./queries";

export type Action = "disable" | "enable" | "make" | "unmake" | "sign-out";

interface Words {
  readonly title: string;
  readonly body: readonly string[];
  readonly confirm: string;
  readonly done: string;
  readonly isDanger: boolean;
}

interface Props {
  readonly user: UserDetails;
  readonly action: Action;
  readonly onClose: () => void;
}

/** Names what an act on somebody's account means before it happens. */
export function UserAction({ user, action, onClose }: Props) {
  const client = useQueryClient();
  const me = useMe();
  // Two operators may act at once; the second one is shown what the first one did.
  const [isStale, setStale] = useState(false);
  const words = wordsOf(action, user);
  const act = async () => {
    setStale(false);
    try {
      await send(action, user);
    } catch (error) {
      if (asProblem(error).status !== 412) throw error;
      setStale(true);
      return;
    } finally {
      await client.invalidateQueries({ queryKey: [USERS] });
      if (user.id === me.id) await client.invalidateQueries({ queryKey: meQuery.queryKey });
    }
    toastDone(words.done);
    onClose();
  };
  return (
    <Confirm
      opened
      title={words.title}
      confirmLabel={words.confirm}
      isDanger={words.isDanger}
      onConfirm={act}
      onClose={onClose}
    >
      <div className="hf-stack">
        {words.body.map((text) => (
          <p key={text} className="hf-text">
            {text}
          </p>
        ))}
        {isStale && <Notice tone="caution">{t("users.meanwhile", { name: user.name })}</Notice>}
      </div>
    </Confirm>
  );
}

async function send(action: Action, user: UserDetails): Promise<void> {
  if (action === "sign-out") return signOutUser(user.id);
  const change =
    action === "disable"
      ? { disabled: true }
      : action === "enable"
        ? { disabled: false }
        : { is_operator: action === "make" };
  await changeUser(user, change);
}

function wordsOf(action: Action, { name, sessions, workspaces }: UserDetails): Words {
  switch (action) {
    case "disable":
      return {
        title: t("users.disableTitle", { name }),
        body: [
          t("users.disableBody", { name }),
          ...(workspaces.length > 0 ? [t("users.disableKept", { count: workspaces.length })] : []),
        ],
        confirm: t("users.disable"),
        done: t("users.disabled", { name }),
        isDanger: true,
      };
    case "enable":
      return {
        title: t("users.enableTitle", { name }),
        body: [t("users.enableBody", { name })],
        confirm: t("users.enable"),
        done: t("users.enabled", { name }),
        isDanger: false,
      };
    case "make":
      return {
        title: t("users.makeOperatorTitle", { name }),
        body: [t("users.makeOperatorBody")],
        confirm: t("users.makeOperator"),
        done: t("users.madeOperator", { name }),
        isDanger: false,
      };
    case "unmake":
      return {
        title: t("users.unmakeOperatorTitle", { name }),
        body: [t("users.unmakeOperatorBody", { name })],
        confirm: t("users.unmakeOperator"),
        done: t("users.unmadeOperator", { name }),
        isDanger: true,
      };
    case "sign-out":
      return {
        title: t("users.signOutTitle", { name }),
        body: [t("users.signOutBody", { name, count: sessions })],
        confirm: t("users.signOut"),
        done: t("users.signedOut", { name }),
        isDanger: true,
      };
  }
}
