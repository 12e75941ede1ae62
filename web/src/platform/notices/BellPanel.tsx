import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { t } from "@/i18n";
import { LinkButton } from "@/ui/LinkButton";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { SkeletonLines } from "@/ui/Skeleton";
import { toastFailed } from "@/ui/toast";
import { NoticeList } from "./NoticeList";
import { markAllRead, newestQuery } from "./queries";
import classes from "./notices.module.css";

export default function BellPanel({ onClose }: { readonly onClose: () => void }) {
  const client = useQueryClient();
  const newest = useQuery(newestQuery);
  const unread = newest.data?.unread ?? 0;
  return (
    <>
      <div className={classes.head}>
        <h2 className={classes.title}>{t("bell.title")}</h2>
        {unread > 0 && (
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => void markAllRead(client).catch(toastFailed)}
          >
            {t("bell.readAll")}
          </Button>
        )}
      </div>
      <div className={classes.scroll}>
        {newest.error ? (
          <ProblemAlert error={newest.error} onRetry={() => void newest.refetch()} />
        ) : !newest.data ? (
          <SkeletonLines count={3} />
        ) : newest.data.items.length === 0 ? (
          <p className={classes.none}>{t("bell.none")}</p>
        ) : (
          <NoticeList notices={newest.data.items} onLeave={onClose} />
        )}
      </div>
      <div className={classes.foot}>
        <LinkButton to="/notices" size="compact-sm" variant="default" onClick={onClose}>
          {t("bell.all")}
        </LinkButton>
      </div>
    </>
  );
}
