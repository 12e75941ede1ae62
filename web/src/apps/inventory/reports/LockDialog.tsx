import { useQuery, useQueryClient } from "@tanstack/react-query";
import { newKey } from "@/api/client";
import type { LockDate } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Dialog } from "@/ui/Dialog";
import { FormFrame, TextField, useForm } from "@/ui/form";
import { Loaded } from "@/ui/Loaded";
import { toastDone } from "@/ui/toast";
import { changeLock, lockQuery } from "./queries";

/** Up to which day the books are closed. */
export function LockDialog({ onClose }: { readonly onClose: () => void }) {
  const workspace = useWorkspace();
  const lock = useQuery(lockQuery(workspace.id));
  return (
    <Dialog onClose={onClose} title={t("lock.title")} isWork size="md">
      <Loaded query={lock} lines={3}>
        {(kept) => <LockForm key={kept.version} kept={kept} onClose={onClose} />}
      </Loaded>
    </Dialog>
  );
}

function LockForm({ kept, onClose }: { readonly kept: LockDate; readonly onClose: () => void }) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const format = useFormat();
  const form = useForm({
    initial: { locked_until: kept.locked_until ?? "" },
    newKey,
    send: async ({ locked_until }) => {
      const lock = await changeLock(workspace.id, kept.version, locked_until || null);
      await client.invalidateQueries(lockQuery(workspace.id));
      const day = lock.locked_until_moment;
      toastDone(day ? t("lock.saved", { day: format.date(day) }) : t("lock.opened"));
      onClose();
    },
  });
  return (
    <FormFrame
      form={form}
      label={t("lock.title")}
      submitLabel={t("lock.save")}
      onCancel={onClose}
      stale={{ onReload: () => void client.invalidateQueries(lockQuery(workspace.id)) }}
      hasHint={false}
    >
      <TextField
        form={form}
        name="locked_until"
        label={t("lock.until")}
        help={t("lock.help")}
        required={false}
        type="date"
        autoFocus
      />
    </FormFrame>
  );
}
