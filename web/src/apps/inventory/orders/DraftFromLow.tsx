import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { IconWand } from "@tabler/icons-react";
import { useState } from "react";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Confirm } from "@/ui/Confirm";
import { toastDone } from "@/ui/toast";
import { draftFromLowStock } from "./queries";

/** Drafts orders for what is low, one for each supplier. */
export function DraftFromLow({ isMain = false }: { readonly isMain?: boolean }) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const [asks, setAsks] = useState(false);
  const draft = async () => {
    const made = await draftFromLowStock(workspace.id);
    setAsks(false);
    await client.invalidateQueries({ queryKey: ["inventory", workspace.id] });
    toastDone(
      made.length > 0
        ? t("orders.fromLowDone", { count: made.length })
        : t("orders.fromLowNothing"),
    );
  };
  return (
    <>
      <Button
        variant={isMain ? "filled" : "default"}
        leftSection={<IconWand size={16} aria-hidden />}
        onClick={() => setAsks(true)}
      >
        {t("orders.fromLow")}
      </Button>
      <Confirm
        opened={asks}
        title={t("orders.fromLowTitle")}
        confirmLabel={t("orders.fromLow")}
        isDanger={false}
        onConfirm={draft}
        onClose={() => setAsks(false)}
      >
        {t("orders.fromLowBody")}
      </Confirm>
    </>
  );
}
