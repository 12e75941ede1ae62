import { Button } from "@mantine/core";
import { IconDownload, IconPrinter } from "@tabler/icons-react";
import { t } from "@/i18n";
import { CopyAct } from "./CopyText";
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
      <Button
        variant="default"
        leftSection={<IconPrinter size={16} aria-hidden />}
        onClick={() => window.print()}
      >
        {t("ui.print")}
      </Button>
      <CopyAct text={text} label={t("ui.copyAll")} />
    </div>
  );
}
