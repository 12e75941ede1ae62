import { Modal } from "@mantine/core";
import type { ReactNode } from "react";
import { t } from "@/i18n";

interface Props {
  readonly title: ReactNode;
  readonly onClose: () => void;
  readonly children: ReactNode;
  readonly opened?: boolean;
  readonly size?: "md" | "lg";
  /** Wide, and no press beside it closes it: something is typed in it, or shown only once. */
  readonly isWork?: boolean;
  /** Nothing closes it but a button of its own. */
  readonly isLocked?: boolean;
  /** Its name for those who do not see it, where the title is more than text. */
  readonly label?: string;
}

/** The frame of every dialog over a screen. */
export function Dialog({
  title,
  onClose,
  children,
  opened = true,
  isWork = false,
  isLocked = false,
  size = isWork ? "lg" : "md",
  label,
}: Props) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      size={size}
      title={title}
      closeOnClickOutside={!isWork && !isLocked}
      closeOnEscape={!isLocked}
      withCloseButton={!isLocked}
      closeButtonProps={{ "aria-label": t("ui.close") }}
      {...(label === undefined ? {} : { attributes: named(label) })}
    >
      {children}
    </Modal>
  );
}

function named(label: string) {
  return { header: { role: "presentation" }, content: { "aria-label": label } };
}
