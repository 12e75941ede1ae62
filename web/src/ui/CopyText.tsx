import { Button, CopyButton } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { t } from "@/i18n";
import classes from "./CopyText.module.css";

/** Text meant to be compared or carried elsewhere. */
export function CopyText({ text, label }: { readonly text: string; readonly label: string }) {
  return (
    <div className={classes.box}>
      <code className="hf-mono">{text}</code>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <Button
            size="compact-sm"
            variant="default"
            onClick={copy}
            aria-label={`${t("ui.copy")}: ${label}`}
            leftSection={
              copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />
            }
          >
            {copied ? t("ui.copied") : t("ui.copy")}
          </Button>
        )}
      </CopyButton>
    </div>
  );
}
