import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { t } from "@/i18n";
import { Section } from "@/ui/Page";
import { MY_EXPORT } from "./queries";
import classes from "./privacy.module.css";

/** Everything the box keeps about the signed-in person, to take along. */
export function HeldSection() {
  return (
    <Section title={t("privacy.held")}>
      <p className={`${classes.text} hf-dim`}>{t("privacy.heldText")}</p>
      <Button
        component="a"
        href={MY_EXPORT}
        download
        data-own-click
        variant="default"
        leftSection={<IconDownload size={16} aria-hidden />}
      >
        {t("privacy.download")}
      </Button>
    </Section>
  );
}
