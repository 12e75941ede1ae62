import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Notice } from "@/ui/Notice";
import { countsQuery } from "./queries";

/** Counts that wait for a manager, said on Today. */
export default function WaitingCounts() {
  const workspace = useWorkspace();
  const waiting = useInfiniteQuery(countsQuery(workspace.id, { state: "submitted" }));
  const count = waiting.data?.pages[0]?.items.length ?? 0;
  if (count === 0) return null;
  return (
    <Notice tone="caution">
      <Link
        to="/w/$workspace/inventory/counts"
        params={{ workspace: workspace.id }}
        search={{ state: "submitted" }}
      >
        {t("counts.waiting", { count })}
      </Link>
    </Notice>
  );
}
