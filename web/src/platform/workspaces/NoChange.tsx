import { IconLock } from "@tabler/icons-react";
import { t } from "@/i18n";
import { NoPermission, StateBlock } from "@/ui/StateBlock";
import { useWorkspace } from "./WorkspaceContext";

/** Instead of a form: nobody may change anything here now, or this person may not. */
export function NoChange() {
  const { state, damaged_at } = useWorkspace();
  if (damaged_at)
    return (
      <StateBlock
        icon={IconLock}
        title={t("workspace.noChange")}
        text={t("workspace.noChangeDamaged")}
      />
    );
  if (state === "archived")
    return (
      <StateBlock icon={IconLock} title={t("workspace.noChange")} text={t("banner.archived")} />
    );
  return <NoPermission />;
}
