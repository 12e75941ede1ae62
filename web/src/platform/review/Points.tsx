import type { SecurityPoint } from "@/api/types";
import { t, tDynamic, useFormat } from "@/i18n";
import { Lamp } from "@/ui/Lamp";
import { RowEntry, RowList } from "@/ui/RowList";
import { lampOf, worstFirst } from "./rules";
import classes from "./review.module.css";

interface Props {
  readonly points: readonly SecurityPoint[];
  readonly label: string;
}

/** What a review found, the worst first. */
export function Points({ points, label }: Props) {
  const format = useFormat();
  return (
    <RowList label={label}>
      {worstFirst(points).map((point) => (
        <RowEntry
          key={point.code}
          title={tDynamic(`review.point.${point.code}`, point.code)}
          tags={
            <Lamp
              state={lampOf(point.verdict)}
              label={tDynamic(`review.verdict.${point.verdict}`, point.verdict)}
            />
          }
          line={
            <div className={classes.words} lang="en">
              <p>{format.inText(point.said)}</p>
              {point.people.length > 0 && (
                <p lang="" className={classes.people}>
                  {point.people.map((name, at) => (
                    <bdi key={at}>{name}</bdi>
                  ))}
                </p>
              )}
              {point.remedy && (
                <p className={classes.remedy}>
                  <strong>{t("review.remedy")}</strong> {point.remedy}
                </p>
              )}
            </div>
          }
        />
      ))}
    </RowList>
  );
}
