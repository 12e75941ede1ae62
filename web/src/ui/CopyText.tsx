import { Button, CopyButton } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { t } from "@/i18n";
import classes from "./CopyText.module.css";

/** Text meant to be compared or carried elsewhere. */
export function CopyText({
  text,
  label,
  shown,
}: {
  readonly text: string;
  readonly label: string;
  /** The same, set so that it can be read out or typed. */
  readonly shown?: string;
}) {
  return (
    <div className={classes.box}>
      <code className="hf-mono" translate="no">
        {shown ?? text}
      </code>
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
