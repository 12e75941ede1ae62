import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { LinkButton } from "@/ui/LinkButton";
import { SidePanel } from "@/ui/SidePanel";
import { SkeletonLines } from "@/ui/Skeleton";
import { FailedState } from "@/ui/StateBlock";
import { MOVE } from "../permissions";
import { ItemFacts } from "./ItemFacts";
import { itemQuery } from "./queries";
import { StockBars } from "./StockBars";

const Portrait = lazy(() => import("../files/Portrait"));

/** A quick look at one item beside the list. */
export default function ItemPanel({
  id,
  onClose,
}: {
  readonly id: string;
  readonly onClose: () => void;
}) {
  const workspace = useWorkspace();
  const item = useQuery(itemQuery(workspace.id, id));
  const params = { workspace: workspace.id, item: id };
  return (
    <SidePanel
      label={t("items.quickLook")}
      title={item.data?.name ?? ""}
      onClose={onClose}
      actions={
        <>
          <LinkButton to="/w/$workspace/inventory/items/$item" params={params} size="xs">
            {t("items.openPage")}
          </LinkButton>
          {workspace.can(MOVE) && (
            <LinkButton
              to="/w/$workspace/inventory/movements"
              params={{ workspace: workspace.id }}
              search={{ post: "receive", for: id }}
              size="xs"
              variant="default"
            >
              {t("movements.do.receive")}
            </LinkButton>
          )}
        </>
      }
    >
      {item.error ? (
        <FailedState error={item.error} onRetry={() => void item.refetch()} />
      ) : item.data ? (
        <>
          <Suspense>
            <Portrait item={id} />
          </Suspense>
          <StockBars item={item.data} />
          <ItemFacts item={item.data} />
        </>
      ) : (
        <SkeletonLines count={5} />
      )}
    </SidePanel>
  );
}
