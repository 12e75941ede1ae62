import type { Stability as Score } from "@/api/types";
import { t, tDynamic, useFormat } from "@/i18n";
import { Lamp, type LampState } from "@/ui/Lamp";
import { Section } from "@/ui/Page";
import classes from "./system.module.css";

/** Below these somebody should look, or look now. */
const WANTED = 85;
const NEEDED = 60;

/** One number for how the box does, and what it lost points for. */
export function Stability({ stability }: { readonly stability: Score }) {
  const format = useFormat();
  return (
    <Section
      title={t("system.stability")}
      aside={<a href="/help/watching#the-stability-score">{t("system.stability.how")}</a>}
    >
      <p style={{ margin: "0 0 10px" }}>
        <Lamp
          state={stateOf(stability.score)}
          label={t("system.stability.score", { score: format.integer(stability.score) })}
        />
      </p>
      <ul className={classes.lamps}>
        {stability.parts.map((part) => (
          <li key={part.name} className={classes.lamp}>
            <span className={classes.lampName}>
              {tDynamic(`system.stability.${part.name}`, part.name)}
            </span>
            {typeof part.grade === "number" ? (
              <Lamp state={stateOf(part.grade)} label={format.integer(part.grade)} />
            ) : (
              <span className="hf-dim">{t("system.stability.unknown")}</span>
            )}
            <span className="hf-number hf-dim">
              {[
                part.measured,
                t("system.stability.weight", { weight: format.integer(part.weight) }),
              ]
                .filter(Boolean)
                .join(" · ")}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function stateOf(score: number): LampState {
  return score >= WANTED ? "good" : score >= NEEDED ? "caution" : "danger";
}
