import { Link } from "@tanstack/react-router";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Notice } from "@/ui/Notice";

/** Why quantities are not shown, and where they come back. */
export default function HiddenNote() {
  const workspace = useWorkspace();
  return (
    <Notice tone="info" title={t("counts.hiddenTitle")}>
      {t("counts.hiddenText")}{" "}
      <Link
        to="/w/$workspace/inventory/counts"
        params={{ workspace: workspace.id }}
        search={{ state: "open" }}
      >
        {t("counts.hiddenOpen")}
      </Link>
    </Notice>
  );
}
