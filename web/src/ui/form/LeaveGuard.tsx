import { useBlocker } from "@tanstack/react-router";
import { t } from "@/i18n";
import { Confirm } from "../Confirm";

/** Asks before typed text is left behind unsaved, in the app and when the tab closes. */
export function LeaveGuard({ isDirty }: { readonly isDirty: boolean }) {
  const blocker = useBlocker({
    shouldBlockFn: () => isDirty,
    enableBeforeUnload: () => isDirty,
    withResolver: true,
  });
  if (blocker.status !== "blocked") return null;
  return (
    <Confirm
      opened
      title={t("form.leaveTitle")}
      confirmLabel={t("form.leave")}
      cancelLabel={t("form.stay")}
      onConfirm={blocker.proceed}
      onClose={blocker.reset}
    >
      {t("form.leaveBody")}
    </Confirm>
  );
}
