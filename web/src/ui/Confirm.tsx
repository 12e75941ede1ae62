import { Button, Group, Text, TextInput } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { t } from "@/i18n";
import { Dialog } from "./Dialog";
import { ProblemAlert } from "./ProblemAlert";
import { wasCancelled } from "./refusal";

interface Props {
  readonly opened: boolean;
  readonly title: string;
  /** Names what will be lost, with numbers. */
  readonly children: ReactNode;
  readonly confirmLabel: string;
  readonly cancelLabel?: string;
  readonly isDanger?: boolean;
  /** False while it is not known yet, or not to be known, what would be done. */
  readonly isReady?: boolean;
  /** Has to be typed first, where it cannot be undone or many lose something. */
  readonly typed?: string;
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
  isReady = true,
  typed,
  onConfirm,
  onClose,
}: Props) {
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [text, setText] = useState("");
  const isBlocked = !isReady || (typed !== undefined && text.trim() !== typed.trim());

  const close = () => {
    setError(null);
    setText("");
    onClose();
  };
  const confirm = async () => {
    if (isSending || isBlocked) return;
    setSending(true);
    setError(null);
    try {
      await onConfirm();
    } catch (cause) {
      if (!wasCancelled(cause)) setError(cause);
    } finally {
      setSending(false);
    }
  };

  return (
    <Dialog opened={opened} onClose={close} title={title}>
      <Text component="div" mb="md">
        {children}
      </Text>
      {typed !== undefined && (
        <TextInput
          label={t("confirm.typed", { name: typed })}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter") void confirm();
          }}
          data-autofocus
          autoComplete="off"
          spellCheck={false}
          dir="auto"
          mb="md"
        />
      )}
      {error !== null && <ProblemAlert error={error} />}
      <Group justify="flex-end" mt="md">
        <Button
          variant="default"
          onClick={close}
          {...(typed === undefined ? { "data-autofocus": true } : {})}
        >
          {cancelLabel ?? t("ui.cancel")}
        </Button>
        <Button
          {...(isDanger ? { color: "red.8", "data-tone": "danger" } : {})}
          loading={isSending}
          disabled={isBlocked}
          onClick={() => void confirm()}
        >
          {confirmLabel}
        </Button>
      </Group>
    </Dialog>
  );
}
