import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconFileZip, IconMoodSmile, IconRefresh } from "@tabler/icons-react";
import type { DoctorReport } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Notice } from "@/ui/Notice";
import { Page, Section } from "@/ui/Page";
import { PrintButton } from "@/ui/PrintButton";
import { StateBlock } from "@/ui/StateBlock";
import { OperatorsOnly } from "../identity/OperatorsOnly";
import { Findings } from "./Findings";
import { doctorQuery } from "./queries";
import { parted } from "./rules";

/** What is wrong with the box, the worst first, each with the command that mends it. */
export function DoctorScreen() {
  return (
    <OperatorsOnly title={t("doctor.title")} text={t("doctor.forbidden")}>
      <Doctor />
    </OperatorsOnly>
  );
}

function Doctor() {
  const look = useQuery(doctorQuery);
  return (
    <Page
      title={t("doctor.title")}
      tabTitle={t("doctor.title")}
      subtitle={t("doctor.lead")}
      isLoading={look.isPending}
      error={look.data ? undefined : look.error}
      onRetry={() => void look.refetch()}
      actions={
        look.data && (
          <>
            <PrintButton />
            <Button
              leftSection={<IconRefresh size={16} aria-hidden />}
              loading={look.isFetching}
              onClick={() => void look.refetch()}
            >
              {t("doctor.again")}
            </Button>
          </>
        )
      }
    >
      {look.data && <Report report={look.data} />}
    </Page>
  );
}

function Report({ report }: { readonly report: DoctorReport }) {
  const { found, well, skipped } = parted(report.findings);
  return (
    <>
      <Tally report={report} />
      {found.length > 0 ? (
        <Section title={t("doctor.found")}>
          <Findings findings={found} label={t("doctor.found")} />
        </Section>
      ) : (
        <StateBlock icon={IconMoodSmile} title={t("doctor.well")} text={t("doctor.wellText")} />
      )}
      <Section
        title={t("doctor.bundle")}
        aside={
          <Button
            component="a"
            href="/api/v1/doctor/bundle"
            download
            size="compact-sm"
            variant="default"
            leftSection={<IconFileZip size={14} aria-hidden />}
          >
            {t("doctor.bundle")}
          </Button>
        }
      >
        <p className="hf-note">{t("doctor.bundleHelp")}</p>
      </Section>
      {well.length > 0 && (
        <Section title={t("doctor.rest")}>
          <Findings findings={well} label={t("doctor.rest")} />
        </Section>
      )}
      {skipped.length > 0 && (
        <Section title={t("doctor.skipped")}>
          <Findings findings={skipped} label={t("doctor.skipped")} />
        </Section>
      )}
    </>
  );
}

function Tally({ report }: { readonly report: DoctorReport }) {
  const format = useFormat();
  const { counts } = report;
  const tally = t("doctor.tally", {
    failed: format.integer(counts.failed),
    warnings: t("doctor.warnings", { count: counts.warning }),
    hints: t("doctor.hints", { count: counts.hint }),
    ok: format.integer(counts.ok),
  });
  const tone = counts.failed > 0 ? "danger" : counts.warning > 0 ? "caution" : "good";
  return (
    <Notice tone={tone} title={tally}>
      {t("doctor.checked", { at: format.dateTime(report.checked_at) })}
    </Notice>
  );
}
