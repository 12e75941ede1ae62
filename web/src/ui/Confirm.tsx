import { Button, Group, Modal, Text } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { t } from "@/i18n";
import { ProblemAlert } from "./ProblemAlert";

interface Props {
  readonly opened: boolean;
  readonly title: string;
  /** Names what will be lost, with numbers. */
  readonly children: ReactNode;
  readonly confirmLabel: string;
  readonly cancelLabel?: string;
  readonly isDanger?: boolean;
  readonly onConfirm: () => void | Promise<void>;
  readonly onClose: () => void;
}

/** Asks before something that cannot be taken back, and stays open when it fails. */
export function Confirm({
  opened,
  title,
  children,
  confirmLabel,
  cancelLabel,
  isDanger = true,
  onConfirm,
  onClose,
}: Props) {
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);

  const close = () => {
    setError(null);
    onClose();
  };
  const confirm = async () => {
    if (isSending) return;
    setSending(true);
    setError(null);
    try {
      await onConfirm();
    } catch (cause) {
      setError(cause);
    } finally {
      setSending(false);
    }
  };

  return (
    <Modal
      opened={opened}
      onClose={close}
      title={title}
      closeButtonProps={{ "aria-label": t("ui.close") }}
    >
      <Text component="div" mb="md">
        {children}
      </Text>
      {error !== null && <ProblemAlert error={error} />}
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={close} data-autofocus>
          {cancelLabel ?? t("ui.cancel")}
        </Button>
        <Button
          {...(isDanger ? { color: "red.8", "data-tone": "danger" } : {})}
          loading={isSending}
          onClick={() => void confirm()}
        >
          {confirmLabel}
        </Button>
      </Group>
    </Modal>
  );
}
