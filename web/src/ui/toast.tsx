import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { t } from "@/i18n";
import { ProblemAlert } from "./ProblemAlert";
import { wasCancelled } from "./refusal";

const SUCCESS_MS = 6_000;

/** A success that passes by; with a way back where there is one. */
export function toastDone(message: string, onUndo?: () => void): void {
  const id = notifications.show({
    color: "kelp",
    autoClose: SUCCESS_MS,
    withCloseButton: true,
    closeButtonProps: { "aria-label": t("ui.close") },
    message: (
      <span
        style={{ display: "flex", alignItems: "center", justifyContent: "space-between", gap: 8 }}
      >
        <span style={{ overflowWrap: "anywhere" }}>{message}</span>
        {onUndo && (
          <Button
            size="compact-sm"
            variant="light"
            onClick={() => {
              notifications.hide(id);
              onUndo();
            }}
          >
            {t("ui.undo")}
          </Button>
        )}
      </span>
    ),
  });
}

/** A failure outside of any form; stays until closed. */
export function toastFailed(error: unknown): void {
  if (wasCancelled(error)) return;
  notifications.show({
    color: "red",
    autoClose: false,
    closeButtonProps: { "aria-label": t("ui.close") },
    message: <ProblemAlert error={error} />,
  });
}
