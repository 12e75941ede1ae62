import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { t } from "@/i18n";
import { LinkButton } from "@/ui/LinkButton";
import { Loaded } from "@/ui/Loaded";
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
        <Loaded query={newest} lines={3}>
          {({ items: rows }) =>
            rows.length === 0 ? (
              <p className={classes.none}>{t("bell.none")}</p>
            ) : (
              <NoticeList notices={rows} onLeave={onClose} />
            )
          }
        </Loaded>
      </div>
      <div className={classes.foot}>
        <LinkButton to="/notices" size="compact-sm" variant="default" onClick={onClose}>
          {t("bell.all")}
        </LinkButton>
      </div>
    </>
  );
}
