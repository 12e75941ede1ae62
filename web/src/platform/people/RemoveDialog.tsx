import { useQueryClient } from "@tanstack/react-query";
import type { Member } from "@/api/types";
import { t } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { toastDone } from "@/ui/toast";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { membersQuery, removeMember } from "./queries";

interface Props {
  readonly member: Member;
  readonly onClose: () => void;
  readonly onRemoved: () => void;
}

export function RemoveDialog({ member, onClose, onRemoved }: Props) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const words = { name: member.name, workspace: workspace.name };
  const remove = async () => {
    try {
      await removeMember(workspace.id, member);
    } finally {
      await client.invalidateQueries({ queryKey: membersQuery(workspace.id).queryKey });
    }
    toastDone(t("people.removed", { name: member.name }));
    onRemoved();
  };
  return (
    <Confirm
      opened
      title={t("people.removeTitle", words)}
      confirmLabel={t("people.remove")}
      onClose={onClose}
      onConfirm={remove}
    >
      <div className="hf-stack">
        <p className="hf-text">{t("people.removeBody", { name: member.name })}</p>
        <p className="hf-text">{t("people.removeKept")}</p>
      </div>
    </Confirm>
  );
}
