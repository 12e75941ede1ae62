import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem } from "@/api/problem";
import type { Deleted } from "@/api/types";
import { t } from "@/i18n";
import { toastDone, toastFailed } from "@/ui/toast";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { useDeletableKinds } from "./DeletableKinds";

/** Brings something back by its own route; what stands in the way is said by the box. */
export function useRestore() {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const kinds = useDeletableKinds();
  const [busy, setBusy] = useState<string | null>(null);
  const restore = async (row: Deleted): Promise<boolean> => {
    const kind = kinds.find((one) => one.kind === row.kind);
    if (!kind || busy !== null) return false;
    setBusy(row.id);
    try {
      await kind.restore(workspace.id, row.id);
      toastDone(t("recycle.restored", { name: row.title }));
      return true;
    } catch (cause) {
      toastFailed(cause);
      // Somebody else was quicker, or its time is over: the list is out of date.
      return asProblem(cause).status === 404;
    } finally {
      setBusy(null);
      const app = row.kind.split(".")[0] ?? "";
      await client.invalidateQueries({ queryKey: ["deleted", workspace.id] });
      void client.invalidateQueries({ queryKey: [app, workspace.id] });
    }
  };
  return { restore, busy };
}
