import { Button, CopyButton, type ButtonProps } from "@mantine/core";
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
      <CopyAct
        text={text}
        label={t("ui.copy")}
        size="compact-sm"
        iconSize={14}
        aria-label={`${t("ui.copy")}: ${label}`}
      />
    </div>
  );
}

interface CopyActProps extends Pick<ButtonProps, "size"> {
  readonly text: string;
  readonly label: string;
  readonly iconSize?: number;
  readonly "aria-label"?: string;
}

/** Copies and says that it did. */
export function CopyAct({ text, label, iconSize = 16, ...rest }: CopyActProps) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button
          {...rest}
          variant="default"
          onClick={copy}
          leftSection={
            copied ? (
              <IconCheck size={iconSize} aria-hidden />
            ) : (
              <IconCopy size={iconSize} aria-hidden />
            )
          }
        >
          {copied ? t("ui.copied") : label}
        </Button>
      )}
    </CopyButton>
  );
}
