import { Button, TextInput } from "@mantine/core";
import { IconCheck } from "@tabler/icons-react";
import { useState } from "react";
import type { CountLine } from "@/api/types";
import { t } from "@/i18n";
import { Qty } from "@/ui/values";
import { LineTag } from "./CountTag";
import classes from "./counts.module.css";
import { found, isLeft, isSettled } from "./pad";

/** Rows in sight at most; more are found by typing. */
const ROWS_MAX = 100;

interface Props {
  readonly lines: readonly CountLine[];
  readonly current: string | null;
  readonly onPick: (line: CountLine) => void;
  readonly onLeave: () => void;
}

/** What is to be counted at a place: what is left first, then what is done. */
export function LineList({ lines, current, onPick, onLeave }: Props) {
  const [typed, setTyped] = useState("");
  const fitting = found(lines, typed);
  const left = fitting.filter(isLeft);
  const done = fitting.filter((line) => !isLeft(line));
  const pickFirst = () => {
    const first = fitting.find((line) => !isSettled(line));
    if (!first || !typed.trim()) return;
    setTyped("");
    onPick(first);
  };
  return (
    <section className="hf-stack" aria-label={t("counts.lines")}>
      <div className={classes.listHead}>
        <TextInput
          className={classes.find}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter") pickFirst();
          }}
          aria-label={t("counts.findItem")}
          placeholder={t("counts.findItem")}
          autoComplete="off"
          spellCheck={false}
          dir="auto"
        />
        <Button variant="default" onClick={onLeave}>
          {t("counts.otherPlace")}
        </Button>
      </div>
      <p className="hf-dim" style={{ margin: 0 }} role="status">
        {t("counts.left", { count: lines.filter(isLeft).length })}
        {" · "}
        {t("counts.done", { count: lines.filter((line) => !isLeft(line)).length })}
      </p>
      {fitting.length === 0 && <p className="hf-note">{t("counts.unknown")}</p>}
      <ul className={classes.lines}>
        {[...left, ...done].slice(0, ROWS_MAX).map((line) => (
          <li key={line.id}>
            <button
              type="button"
              className={classes.line}
              aria-current={line.id === current || undefined}
              disabled={isSettled(line)}
              onClick={() => {
                setTyped("");
                onPick(line);
              }}
            >
              <span className={classes.lineName}>
                <bdi className="hf-clip">{line.item_name}</bdi>
                <bdi className="hf-dim hf-mono">{line.item_number}</bdi>
              </span>
              <LineEnd line={line} />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

function LineEnd({ line }: { readonly line: CountLine }) {
  if (line.state === "recount" || isSettled(line)) return <LineTag line={line} />;
  if (isLeft(line)) return null;
  return (
    <span className={classes.lineDone}>
      <IconCheck size={16} aria-label={t("counts.line.counted")} />
      {line.counted && <Qty value={line.counted} unit={line.unit} />}
    </span>
  );
}
