import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { SecurityReview } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { DialogFoot } from "@/ui/DialogFoot";
import { MoreButton } from "@/ui/MoreButton";
import { Section } from "@/ui/Page";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { RowEntry, RowList } from "@/ui/RowList";
import { SkeletonLines } from "@/ui/Skeleton";
import { Points } from "./Points";
import { reviewsQuery } from "./queries";

/** Earlier reviews: who, when, and what was found then. */
export function KeptReviews() {
  const list = useInfiniteQuery(reviewsQuery);
  const [shown, setShown] = useState<SecurityReview | null>(null);
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section title={t("review.earlier")}>
      {list.isPending ? (
        <SkeletonLines count={2} />
      ) : list.error ? (
        <ProblemAlert error={list.error} onRetry={() => void list.refetch()} />
      ) : rows.length === 0 ? (
        <p className="hf-text hf-dim">{t("review.noneKept")}</p>
      ) : (
        <RowList label={t("review.earlier")}>
          {rows.map((review) => (
            <Entry key={review.id} review={review} onShow={() => setShown(review)} />
          ))}
        </RowList>
      )}
      <MoreButton of={list} />
      {shown && <Shown review={shown} onClose={() => setShown(null)} />}
    </Section>
  );
}

interface EntryProps {
  readonly review: SecurityReview;
  readonly onShow: () => void;
}

function Entry({ review, onShow }: EntryProps) {
  const format = useFormat();
  const at = format.dateTime(review.reviewed_at);
  const tally = t("review.tally", {
    bad: format.integer(review.bad),
    look: format.integer(review.look),
    good: format.integer(review.good),
  });
  return (
    <RowEntry
      title={at}
      line={
        <>
          <bdi>{review.reviewed_by_name ?? t("review.atMachine")}</bdi> · {tally}
          {review.note && (
            <>
              <br />
              <bdi>{review.note}</bdi>
            </>
          )}
        </>
      }
      actions={
        <Button
          size="compact-sm"
          variant="default"
          aria-label={t("review.showOf", { at })}
          onClick={onShow}
        >
          {t("review.show")}
        </Button>
      }
    />
  );
}

interface ShownProps {
  readonly review: SecurityReview;
  readonly onClose: () => void;
}

function Shown({ review, onClose }: ShownProps) {
  const format = useFormat();
  const title = t("review.of", { at: format.dateTime(review.reviewed_at) });
  return (
    <Dialog size="lg" title={title} onClose={onClose}>
      <div className="hf-stack">
        {review.note && <p className="hf-text">{review.note}</p>}
        <Points points={review.points} label={title} />
        <DialogFoot onClose={onClose} />
      </div>
    </Dialog>
  );
}
