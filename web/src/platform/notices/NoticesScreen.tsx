import { Button } from "@mantine/core";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconBell } from "@tabler/icons-react";
import { t } from "@/i18n";
import { FilterBar, ToggleChip } from "@/ui/FilterChips";
import { LinkButton } from "@/ui/LinkButton";
import { MoreButton } from "@/ui/MoreButton";
import { Page } from "@/ui/Page";
import { StateBlock } from "@/ui/StateBlock";
import { toastFailed } from "@/ui/toast";
import { NoticeList } from "./NoticeList";
import { markAllRead, noticesQuery } from "./queries";
import classes from "./notices.module.css";

export interface NoticesSearch {
  readonly unread?: true;
}

/** All that the person was told, as long as it is kept. */
export function NoticesScreen() {
  const client = useQueryClient();
  const { unread = false } = useSearch({ from: "/frame/notices" });
  const navigate = useNavigate({ from: "/notices" });
  const query = useInfiniteQuery(noticesQuery(unread));
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  const waiting = query.data?.pages[0]?.unread ?? 0;
  return (
    <Page
      title={t("bell.title")}
      tabTitle={t("bell.title")}
      subtitle={t("bell.lead")}
      layout="form"
      isLoading={query.isPending}
      error={query.error}
      onRetry={() => void query.refetch()}
      actions={
        <>
          <LinkButton to="/account" hash="notices" variant="default">
            {t("bell.settings")}
          </LinkButton>
          {waiting > 0 && (
            <Button onClick={() => void markAllRead(client).catch(toastFailed)}>
              {t("bell.readAll")}
            </Button>
          )}
        </>
      }
    >
      <FilterBar>
        <ToggleChip
          label={t("bell.onlyUnread")}
          isOn={unread}
          onChange={(isOn) =>
            void navigate({ search: isOn ? { unread: true } : {}, replace: true })
          }
        />
      </FilterBar>
      {rows.length === 0 ? (
        <StateBlock
          icon={IconBell}
          title={t(unread ? "bell.noneUnread" : "bell.none")}
          text={t("bell.noneText")}
        />
      ) : (
        <div className={classes.all}>
          <NoticeList notices={rows} />
        </div>
      )}
      {query.hasNextPage && (
        <div>
          <MoreButton of={query} label={t("bell.older")} />
        </div>
      )}
    </Page>
  );
}
