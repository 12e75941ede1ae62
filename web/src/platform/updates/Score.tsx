import type { UpdateScorecard } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Facts } from "@/ui/Facts";
import { Lamp } from "@/ui/Lamp";
import { Section } from "@/ui/Page";
import { spanText } from "../jobs/words";

interface MarkProps {
  readonly isMet: boolean;
  readonly value: string | null;
  readonly wanted: string;
}

/** How updates went, beside what is promised. */
export function Score({ card }: { readonly card: UpdateScorecard }) {
  const format = useFormat();
  const span = (value: number | null | undefined) =>
    typeof value === "number" ? spanText(value) : null;
  const percent = card.success_percent;
  const success =
    typeof percent === "number"
      ? `${t("updates.score.percent", { percent })} · ${t("updates.score.of", {
          done: card.succeeded,
          all: card.updates,
        })}`
      : null;
  return (
    <Section title={t("updates.score")}>
      <Facts
        facts={[
          {
            label: t("updates.score.success"),
            value: (
              <Mark
                isMet={card.is_success_met}
                value={success}
                wanted={t("updates.score.atLeast", { percent: card.success_percent_wanted })}
              />
            ),
          },
          {
            label: t("updates.score.update"),
            value: (
              <Mark
                isMet={card.is_update_met}
                value={span(card.longest_update_ms)}
                wanted={t("updates.score.under", { span: spanText(card.update_ms_max) })}
              />
            ),
          },
          {
            label: t("updates.score.rollback"),
            value: (
              <Mark
                isMet={card.is_rollback_met}
                value={span(card.longest_rollback_ms)}
                wanted={t("updates.score.under", { span: spanText(card.rollback_ms_max) })}
              />
            ),
          },
          { label: t("updates.score.frequency"), value: format.integer(card.last_month) },
        ]}
      />
    </Section>
  );
}

function Mark({ isMet, value, wanted }: MarkProps) {
  return (
    <>
      {value === null ? (
        <span className="hf-dim">{t("updates.score.none")}</span>
      ) : (
        <Lamp state={isMet ? "good" : "caution"} label={value} />
      )}{" "}
      <span className="hf-small">{t("updates.score.wanted", { wanted })}</span>
    </>
  );
}
