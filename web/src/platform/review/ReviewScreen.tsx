import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { IconClipboardCheck } from "@tabler/icons-react";
import { useState } from "react";
import type { SecurityLook } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Notice } from "@/ui/Notice";
import { Page, Section } from "@/ui/Page";
import { PrintButton } from "@/ui/PrintButton";
import { OperatorsOnly } from "../identity/OperatorsOnly";
import { KeepDialog } from "./KeepDialog";
import { KeptReviews } from "./KeptReviews";
import { Points } from "./Points";
import { lookQuery } from "./queries";
import { RoutesSection } from "./RoutesSection";

/** The review of the box's security: what there is to see, and what was kept of earlier ones. */
export function ReviewScreen() {
  return (
    <OperatorsOnly title={t("review.title")} text={t("security.forbidden")}>
      <Review />
    </OperatorsOnly>
  );
}

function Review() {
  const look = useQuery(lookQuery);
  const [isKeeping, setKeeping] = useState(false);
  return (
    <Page
      title={t("review.title")}
      tabTitle={t("review.title")}
      subtitle={t("review.lead")}
      isLoading={look.isPending}
      error={look.data ? undefined : look.error}
      onRetry={() => void look.refetch()}
      actions={
        look.data && (
          <>
            <PrintButton />
            <Button
              leftSection={<IconClipboardCheck size={16} aria-hidden />}
              onClick={() => setKeeping(true)}
            >
              {t("review.keep")}
            </Button>
          </>
        )
      }
    >
      {look.data && (
        <>
          <Standing look={look.data} />
          <Section
            title={t("review.found")}
            aside={
              <Button
                size="compact-sm"
                variant="default"
                loading={look.isFetching}
                onClick={() => void look.refetch()}
              >
                {t("system.again")}
              </Button>
            }
          >
            <Points points={look.data.points} label={t("review.found")} />
          </Section>
          <KeptReviews />
          <RoutesSection routes={look.data.routes} />
        </>
      )}
      {isKeeping && <KeepDialog onClose={() => setKeeping(false)} />}
    </Page>
  );
}

function Standing({ look }: { readonly look: SecurityLook }) {
  const format = useFormat();
  const last = look.last_reviewed_at;
  const when = last ? t("review.last", { at: format.dateTime(last) }) : t("review.never");
  const tally = t("review.tally", {
    bad: format.integer(look.bad),
    look: format.integer(look.look),
    good: format.integer(look.good),
  });
  return (
    <Notice
      tone={look.bad > 0 ? "danger" : look.look > 0 || look.is_due ? "caution" : "good"}
      title={tally}
    >
      {when} {look.is_due && t("review.due")}
    </Notice>
  );
}
