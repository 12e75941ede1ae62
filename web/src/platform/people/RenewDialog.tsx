import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { newKey } from "@/api/client";
import type { Invitation } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { LinkDialog } from "./LinkDialog";
import { invitationsQuery, invite } from "./queries";
import { roleName } from "./roles";

interface Props {
  readonly invitation: Invitation;
  readonly onClose: () => void;
}

/** A new link for somebody who was invited before; the earlier one stops working. */
export function RenewDialog({ invitation, onClose }: Props) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const format = useFormat();
  const { email, role } = invitation;
  const [key] = useState(newKey);
  const [made, setMade] = useState<Invitation | null>(null);
  const renew = async () => {
    setMade(await invite(workspace.id, { email, role }, key));
    void client.invalidateQueries({ queryKey: invitationsQuery(workspace.id).queryKey });
  };
  if (!made)
    return (
      <Confirm
        opened
        title={t("invite.renewTitle", { email })}
        confirmLabel={t("invite.submit")}
        isDanger={false}
        onClose={onClose}
        onConfirm={renew}
      >
        {t(invitation.state === "lapsed" ? "invite.renewLapsed" : "invite.renewBody", {
          role: roleName(invitation),
        })}
      </Confirm>
    );
  return (
    <LinkDialog
      title={t("invite.doneTitle", { email })}
      link={made.link ?? ""}
      text={t("invite.doneText", {
        role: roleName(made),
        date: format.dateTime(made.expires_at),
      })}
      warning={t("invite.doneOnce")}
      onClose={onClose}
    />
  );
}
