import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { IconDownload } from "@tabler/icons-react";
import { newKey } from "@/api/client";
import { t } from "@/i18n";
import { followJob } from "@/platform/jobs/followed";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Section } from "@/ui/Page";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { toastDone } from "@/ui/toast";
import { askForExport, EXPORT_KINDS, mayTake, type ExportKind } from "./queries";

/** Files are written in the background and fetched as soon as they are done. */
export function ExportSection() {
  const workspace = useWorkspace();
  const ask = useMutation({
    mutationFn: (kind: ExportKind) => askForExport(workspace.id, kind, newKey()),
    onSuccess: (job) => {
      followJob(workspace.id, job.id);
      toastDone(t("export.started"));
    },
  });
  return (
    <Section title={t("export.title")}>
      <p className="hf-dim" style={{ marginTop: 0 }}>
        {t("export.lead")}
      </p>
      <div className="hf-flow">
        {EXPORT_KINDS.filter((kind) => mayTake(workspace, kind)).map((kind) => (
          <Button
            key={kind}
            variant="default"
            leftSection={<IconDownload size={16} aria-hidden />}
            loading={ask.isPending && ask.variables === kind}
            disabled={ask.isPending}
            onClick={() => ask.mutate(kind)}
          >
            {t(`export.kind.${kind}`)}
          </Button>
        ))}
      </div>
      {ask.error && <ProblemAlert error={ask.error} />}
    </Section>
  );
}
