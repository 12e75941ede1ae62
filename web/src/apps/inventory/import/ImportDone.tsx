import { Button } from "@mantine/core";
import { IconCircleCheck, IconClockPlay } from "@tabler/icons-react";
import type { ImportResult } from "@/api/types";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { LinkButton } from "@/ui/LinkButton";
import { StateBlock } from "@/ui/StateBlock";
import type { ImportKind } from "./queries";

export function ImportDone({
  kind,
  result,
  onAgain,
}: {
  readonly kind: ImportKind;
  readonly result: ImportResult;
  readonly onAgain: () => void;
}) {
  const workspace = useWorkspace();
  const params = { workspace: workspace.id };
  return (
    <StateBlock
      icon={IconCircleCheck}
      title={t("import.doneTitle")}
      text={t("import.doneText", {
        created: result.created,
        updated: result.updated,
        skipped: result.skipped,
      })}
    >
      {kind === "items" && (
        <LinkButton to="/w/$workspace/inventory/items" params={params}>
          {t("import.seeItems")}
        </LinkButton>
      )}
      {kind === "locations" && (
        <LinkButton to="/w/$workspace/inventory/locations" params={params}>
          {t("import.seeLocations")}
        </LinkButton>
      )}
      {kind === "opening_stock" && (
        <LinkButton to="/w/$workspace/inventory/stock" params={params}>
          {t("import.seeStock")}
        </LinkButton>
      )}
      {kind === "purchase_orders" && (
        <LinkButton to="/w/$workspace/inventory/orders" params={params}>
          {t("import.seeOrders")}
        </LinkButton>
      )}
      <Button variant="default" onClick={onAgain}>
        {t("import.again")}
      </Button>
    </StateBlock>
  );
}

/** A large file goes on in the background; the header shows how far it is. */
export function ImportLater({ onAgain }: { readonly onAgain: () => void }) {
  return (
    <StateBlock icon={IconClockPlay} title={t("import.laterTitle")} text={t("import.laterText")}>
      <Button variant="default" onClick={onAgain}>
        {t("import.again")}
      </Button>
    </StateBlock>
  );
}
