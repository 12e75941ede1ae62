import { useInfiniteQuery } from "@tanstack/react-query";
import { IconEraser } from "@tabler/icons-react";
import type { Erasure } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { LinkButton } from "@/ui/LinkButton";
import { MoreButton } from "@/ui/MoreButton";
import { Page } from "@/ui/Page";
import { RowEntry, RowList } from "@/ui/RowList";
import { StateBlock } from "@/ui/StateBlock";
import { Tag } from "@/ui/Tag";
import { OperatorsOnly } from "../identity/OperatorsOnly";
import { erasuresQuery } from "./queries";
import classes from "./privacy.module.css";

/** Who was erased: what has to be done again after an old backup was restored. */
export function ErasuresScreen() {
  return (
    <OperatorsOnly title={t("privacy.erasures")} text={t("users.forbidden")}>
      <Erasures />
    </OperatorsOnly>
  );
}

function Erasures() {
  const query = useInfiniteQuery(erasuresQuery);
  const rows = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Page
      title={t("privacy.erasures")}
      tabTitle={t("privacy.erasures")}
      subtitle={t("privacy.erasuresText")}
      isLoading={query.isPending}
      error={query.error}
      onRetry={() => void query.refetch()}
      actions={
        <LinkButton to="/box/users" variant="default">
          {t("users.title")}
        </LinkButton>
      }
    >
      {rows.length === 0 ? (
        <StateBlock
          icon={IconEraser}
          title={t("privacy.erasuresNone")}
          text={t("privacy.erasuresNoneText")}
        />
      ) : (
        <div>
          <RowList isFramed label={t("privacy.erasures")}>
            {rows.map((one) => (
              <ErasureRow key={one.id} erasure={one} />
            ))}
          </RowList>
          {query.hasNextPage && (
            <div className={classes.buttons}>
              <MoreButton of={query} />
            </div>
          )}
        </div>
      )}
    </Page>
  );
}

function ErasureRow({ erasure }: { readonly erasure: Erasure }) {
  const format = useFormat();
  const isDone = erasure.state === "done";
  const counts = t("privacy.erasureCounts", {
    rows: format.integer(erasure.rows),
    texts: format.integer(erasure.texts),
    entries: format.integer(erasure.entries),
  });
  return (
    <RowEntry
      title={format.exact(erasure.asked_at)}
      tags={
        <Tag tone={isDone ? "good" : "info"}>
          {t(isDone ? "privacy.erasureDone" : "privacy.erasureRunning")}
        </Tag>
      }
      line={
        <>
          {t("privacy.erasureBy", { name: erasure.asked_by?.name ?? t("privacy.erasureMachine") })}
          {" · "}
          {counts}
          {" · "}
          <code>{erasure.user_id}</code>
        </>
      }
    />
  );
}
