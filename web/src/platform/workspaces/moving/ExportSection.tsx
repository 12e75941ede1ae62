import { Button } from "@mantine/core";
import { IconPackageExport } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import type { Workspace } from "@/api/types";
import { t } from "@/i18n";
import { Section } from "@/ui/Page";
import { withTexts } from "./texts";

const ExportDialog = lazy(withTexts(async () => (await import("./ExportDialog")).ExportDialog));

/** The whole workspace in a file, for another box. */
export function ExportSection({ workspace }: { readonly workspace: Workspace }) {
  const [asks, setAsks] = useState(false);
  return (
    <Section title={t("workspace.move")}>
      <p className="hf-dim" style={{ marginTop: 0 }}>
        {t("workspace.moveText")}
      </p>
      <Button
        variant="default"
        leftSection={<IconPackageExport size={16} aria-hidden />}
        onClick={() => setAsks(true)}
      >
        {t("workspace.moveOut")}
      </Button>
      <Suspense>
        {asks && <ExportDialog workspace={workspace} onClose={() => setAsks(false)} />}
      </Suspense>
    </Section>
  );
}
