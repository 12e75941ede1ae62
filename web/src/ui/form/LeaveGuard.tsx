import { useBlocker } from "@tanstack/react-router";
import { t } from "@/i18n";
import { Confirm } from "../Confirm";
import { useCloseGuard } from "../Dialog";

interface Props {
  readonly isDirty: boolean;
  /** What would be lost is not typed but shown only once. */
  readonly isShown?: boolean;
}

/** Asks before something is left behind unsaved, in the app and when the tab closes. */
export function LeaveGuard({ isDirty, isShown = false }: Props) {
  const blocker = useBlocker({
    shouldBlockFn: () => isDirty,
    enableBeforeUnload: () => isDirty,
    withResolver: true,
  });
  if (blocker.status !== "blocked") return null;
  return (
    <Confirm
      opened
      title={t(isShown ? "form.leaveShownTitle" : "form.leaveTitle")}
      confirmLabel={t("form.leave")}
      cancelLabel={t(isShown ? "form.stayShown" : "form.stay")}
      onConfirm={blocker.proceed}
      onClose={blocker.reset}
    >
      {t(isShown ? "form.leaveShownBody" : "form.leaveBody")}
    </Confirm>
  );
}

/** The same for a form in a dialog that is closed. */
export function CloseGuard({ isDirty }: { readonly isDirty: boolean }) {
  const guard = useCloseGuard(isDirty);
  if (!guard?.isAsked) return null;
  return (
    <Confirm
      opened
      title={t("form.leaveTitle")}
      confirmLabel={t("form.leave")}
      cancelLabel={t("form.stay")}
      onConfirm={guard.leave}
      onClose={guard.stay}
    >
      {t("form.leaveBody")}
    </Confirm>
  );
}
