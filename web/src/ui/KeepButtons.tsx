import { Button } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { t } from "@/i18n";
import { CopyAct } from "./CopyText";
import { PrintButton } from "./PrintButton";
import { saveText } from "./saveFile";

interface Props {
  /** What is copied. */
  readonly text: string;
  readonly file: { readonly name: string; readonly text: string };
}

/** The ways to keep what is shown once: as a file, on paper, or carried elsewhere. */
export function KeepButtons({ text, file }: Props) {
  return (
    <div className="hf-flow">
      <Button
        variant="default"
        leftSection={<IconDownload size={16} aria-hidden />}
        onClick={() => saveText(file.name, file.text)}
      >
        {t("ui.download")}
      </Button>
      <PrintButton />
      <CopyAct text={text} label={t("ui.copyAll")} />
    </div>
  );
}
