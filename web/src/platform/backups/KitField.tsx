import { FileButton, Button, Textarea } from "@mantine/core";
import { IconFileText } from "@tabler/icons-react";
import { useId, useRef, useState } from "react";
import { t } from "@/i18n";
import { readKit, recipientOf, type ReadKit } from "./kit";
import classes from "./backups.module.css";

/** More than any kit has. */
const FILE_BYTES_MAX = 64 * 1024;

interface Props {
  readonly text: string;
  readonly error: string | null;
  readonly onChange: (text: string) => void;
}

/** A kit, from a file or from paper. It stays in the page. */
export function KitField({ text, error, onChange }: Props) {
  const id = useId();
  const reset = useRef<() => void>(null);
  const [isUnreadable, setUnreadable] = useState(false);
  const kit = readKit(text);
  const choose = async (file: File | null) => {
    if (!file) return;
    const isSmall = file.size <= FILE_BYTES_MAX;
    setUnreadable(!isSmall);
    onChange(isSmall ? await file.text() : "");
    // The same file may be chosen again once it was mended.
    reset.current?.();
  };
  return (
    <div className="hf-stack" role="group" aria-labelledby={id}>
      <div className={classes.choose}>
        <span id={id} className={classes.choice}>
          {t("kit.one")}
        </span>
        <div className="hf-flow">
          <FileButton
            accept="text/plain,.txt"
            resetRef={reset}
            onChange={(file) => void choose(file)}
          >
            {(props) => (
              <Button
                {...props}
                variant="default"
                leftSection={<IconFileText size={16} aria-hidden />}
              >
                {t("kit.choose")}
              </Button>
            )}
          </FileButton>
          {kit?.boxName && <span>{t("kit.chosen", { name: kit.boxName })}</span>}
        </div>
      </div>
      <Textarea
        label={t("kit.paste")}
        description={t("kit.pasteHelp")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        value={text}
        onChange={(event) => {
          setUnreadable(false);
          onChange(event.currentTarget.value);
        }}
        error={isUnreadable ? t("kit.notText") : error}
        autosize
        minRows={3}
        maxRows={8}
        autoComplete="off"
        spellCheck={false}
        classNames={{ input: "hf-mono" }}
        translate="no"
      />
    </div>
  );
}

interface Wanted {
  /** The box whose backups are to be opened. */
  readonly boxId: string;
  /** The kit it has to be, where it has to be a certain one. */
  readonly kit?: { readonly name: string; readonly recipient: string };
}

/** The kit in a text, or why that is not the one that is wanted. */
export async function checkKit(text: string, wanted: Wanted): Promise<ReadKit | string> {
  const kit = readKit(text);
  const recipient = kit && (await recipientOf(kit.identity));
  if (!kit || !recipient) return t("kit.fault.key");
  if (kit.boxId && kit.boxId !== wanted.boxId)
    return t("kit.fault.box", { box: kit.boxName || kit.boxId });
  if (wanted.kit && wanted.kit.recipient !== recipient)
    return t("kit.fault.other", { name: wanted.kit.name, recipient });
  return kit;
}
