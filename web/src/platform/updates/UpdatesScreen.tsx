import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { IconRefresh } from "@tabler/icons-react";
import { useState } from "react";
import type { UpdatesStatus } from "@/api/types";
import { t } from "@/i18n";
import { Notice } from "@/ui/Notice";
import { Page } from "@/ui/Page";
import { toastFailed } from "@/ui/toast";
import { OperatorsOnly } from "../identity/OperatorsOnly";
import { Current } from "./Current";
import { History } from "./History";
import { Lead } from "./Lead";
import { PlanDialog } from "./PlanDialog";
import { checkFeed, statusQuery, UPDATES_KEY } from "./queries";
import { RollbackDialog } from "./RollbackDialog";
import { canUpdate } from "./rules";
import { Score } from "./Score";
import { UploadSection } from "./UploadSection";
import classes from "./updates.module.css";

type Shown = "plan" | "rollback" | null;

/** Updates of the box: what runs, what is offered, what goes on, what was tried. */
export function UpdatesScreen() {
  return (
    <OperatorsOnly title={t("updates.title")} text={t("updates.forbidden")}>
      <Updates />
    </OperatorsOnly>
  );
}

function Updates() {
  const status = useQuery(statusQuery);
  const [shown, setShown] = useState<Shown>(null);
  const { data } = status;
  return (
    <Page
      title={t("updates.title")}
      tabTitle={t("updates.title")}
      subtitle={t("updates.lead")}
      isLoading={status.isPending}
      error={data ? undefined : status.error}
      onRetry={() => void status.refetch()}
      actions={data && canUpdate(data) && <CheckButton status={data} />}
    >
      {data && (
        <>
          {status.error && <Notice tone="info">{t("updates.reconnecting")}</Notice>}
          <Lead
            status={data}
            onPlan={() => setShown("plan")}
            onRollback={() => setShown("rollback")}
          />
          <div className={classes.columns}>
            <div className={classes.side}>
              <History key={data.last?.id} />
            </div>
            <div className={classes.side}>
              <Current status={data} onRollback={() => setShown("rollback")} />
              {canUpdate(data) && !data.under_way && <UploadSection status={data} />}
              <Score card={data.scorecard} />
            </div>
          </div>
          {shown === "plan" && <PlanDialog onClose={() => setShown(null)} />}
          {shown === "rollback" && <RollbackDialog onClose={() => setShown(null)} />}
        </>
      )}
    </Page>
  );
}

function CheckButton({ status }: { readonly status: UpdatesStatus }) {
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  if (!status.feed.place) return null;
  const check = async () => {
    setAsking(true);
    try {
      await checkFeed();
    } catch (cause) {
      toastFailed(cause);
    } finally {
      await client.invalidateQueries({ queryKey: UPDATES_KEY });
      setAsking(false);
    }
  };
  return (
    <Button
      variant="default"
      leftSection={<IconRefresh size={16} aria-hidden />}
      loading={isAsking}
      onClick={() => void check()}
    >
      {t("updates.check")}
    </Button>
  );
}
