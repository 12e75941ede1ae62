import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { t } from "@/i18n";

interface Props {
  readonly onClose: () => void;
  /** What can be done before that. */
  readonly children?: ReactNode;
}

/** The last line of a dialog in which nothing is left to be sent: what to do, and the way out. */
export function DialogFoot({ onClose, children }: Props) {
  return (
    <div className="hf-flow">
      {children}
      <Button variant="default" onClick={onClose}>
        {t("ui.close")}
      </Button>
    </div>
  );
}
