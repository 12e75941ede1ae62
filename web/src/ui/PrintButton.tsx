import { Button } from "@mantine/core";
import { IconPrinter } from "@tabler/icons-react";
import { t } from "@/i18n";

/** Prints the page as it stands. */
export function PrintButton() {
  return (
    <Button
      variant="default"
      leftSection={<IconPrinter size={16} aria-hidden />}
      onClick={() => window.print()}
    >
      {t("ui.print")}
    </Button>
  );
}
