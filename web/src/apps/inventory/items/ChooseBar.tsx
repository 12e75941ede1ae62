import { Button } from "@mantine/core";
import { IconPencil } from "@tabler/icons-react";
import { useState } from "react";
import type { Item } from "@/api/types";
import { t } from "@/i18n";
import { ChangeSeveral } from "./ChangeSeveral";
import { CHOSEN_MAX, withAll } from "./chosen";
import classes from "./item.module.css";

interface Props {
  readonly chosen: ReadonlyMap<string, Item>;
  readonly rows: readonly Item[];
  readonly onChosen: (chosen: ReadonlyMap<string, Item> | null) => void;
}

/** How many items are chosen, and what can be done with them. */
export default function ChooseBar({ chosen, rows, onChosen }: Props) {
  // As they were when the dialog opened: what others change meanwhile is not written over.
  const [changing, setChanging] = useState<readonly Item[] | null>(null);
  const newest = new Map(rows.map((row) => [row.id, row]));
  const isAll = rows.every((row) => chosen.has(row.id));
  return (
    <div className={classes.choose} role="group" aria-label={t("choose.bar")}>
      <span role="status" className={classes.chooseCount}>
        {chosen.size > 0 ? t("choose.count", { count: chosen.size }) : t("choose.none")}
        {chosen.size >= CHOSEN_MAX && ` ${t("choose.full", { count: CHOSEN_MAX })}`}
      </span>
      {isAll && chosen.size > 0 ? (
        <Button variant="subtle" size="compact-sm" onClick={() => onChosen(new Map())}>
          {t("choose.clear")}
        </Button>
      ) : (
        <Button
          variant="subtle"
          size="compact-sm"
          disabled={rows.length === 0}
          onClick={() => onChosen(withAll(chosen, rows))}
        >
          {t("choose.all", { count: rows.length })}
        </Button>
      )}
      <Button
        size="compact-sm"
        leftSection={<IconPencil size={14} aria-hidden />}
        disabled={chosen.size === 0}
        onClick={() => setChanging([...chosen.values()].map((item) => newest.get(item.id) ?? item))}
      >
        {t("choose.change")}
      </Button>
      <Button variant="default" size="compact-sm" onClick={() => onChosen(null)}>
        {t("choose.done")}
      </Button>
      {changing && (
        <ChangeSeveral
          items={changing}
          onClose={() => setChanging(null)}
          onChanged={() => onChosen(new Map())}
        />
      )}
    </div>
  );
}
