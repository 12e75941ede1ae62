import { CloseButton } from "@mantine/core";
import { IconSparkles } from "@tabler/icons-react";
import { useState } from "react";
import type { UpdateWhatsNew } from "@/api/types";
import { t } from "@/i18n";
import { Banner } from "@/ui/Banner";
import { Dialog } from "@/ui/Dialog";
import { Notes } from "./Notes";

interface Props {
  readonly news: UpdateWhatsNew;
  /** It is not shown again for this release. */
  readonly onClose: (seq: number) => void;
}

/** What a release brought, for whoever has not read it or closed it yet. */
export function WhatsNew({ news, onClose }: Props) {
  const [reads, setReads] = useState(false);
  const { version } = news;
  const close = () => onClose(news.seq);
  return (
    <Banner
      icon={IconSparkles}
      tone="info"
      label={t("updates.notes")}
      text={t("updates.news.updated", { version })}
    >
      <button type="button" className="hf-link" onClick={() => setReads(true)}>
        {t("updates.notes")}
      </button>
      <CloseButton size="sm" aria-label={t("updates.news.close")} onClick={close} />
      {reads && (
        <Dialog title={t("updates.news.newIn", { version })} onClose={close}>
          <Notes markdown={news.notes} />
        </Dialog>
      )}
    </Banner>
  );
}
