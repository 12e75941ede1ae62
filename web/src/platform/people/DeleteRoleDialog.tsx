import { useQueryClient } from "@tanstack/react-query";
import type { Role } from "@/api/types";
import { t } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { toastDone } from "@/ui/toast";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { deleteRole, membersQuery } from "./queries";

interface Props {
  readonly role: Role;
  readonly onClose: () => void;
}

export function DeleteRoleDialog({ role, onClose }: Props) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const remove = async () => {
    try {
      await deleteRole(workspace.id, role);
    } finally {
      await client.invalidateQueries({ queryKey: membersQuery(workspace.id).queryKey });
    }
    toastDone(t("roles.deleted", { name: role.name }));
    onClose();
  };
  return (
    <Confirm
      opened
      title={t("roles.deleteTitle", { name: role.name })}
      confirmLabel={t("roles.delete")}
      onClose={onClose}
      onConfirm={remove}
    >
      <p className="hf-text">{t("roles.deleteText")}</p>
    </Confirm>
  );
}
