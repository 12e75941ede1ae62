import { Modal } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useEffect, useId, useRef, useState, type KeyboardEvent } from "react";
import type { MyWorkspace } from "@/api/types";
import { t } from "@/i18n";
import { usePaletteEntries, type PaletteEntry } from "./usePaletteEntries";
import classes from "./palette.module.css";

interface Props {
  readonly workspace: MyWorkspace | null;
  /** What was typed while this was still on its way. */
  readonly typedBefore: () => string;
  readonly onClose: () => void;
  readonly onShortcuts: () => void;
}

const TYPING_MS = 90;

/** Type part of anything and go there. */
export default function Palette({ workspace, typedBefore, onClose, onShortcuts }: Props) {
  const [text, setText] = useState("");
  const isTaken = useRef(false);
  const [settled] = useDebouncedValue(text, TYPING_MS);
  const [active, setActive] = useState(0);
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const groups = usePaletteEntries(workspace, text, settled, onShortcuts);
  const entries = groups.flatMap((group) => group.entries);
  const at = Math.min(active, Math.max(0, entries.length - 1));

  useEffect(() => setActive(0), [settled]);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView?.({ block: "nearest" });
  }, [at]);

  const run = (entry: PaletteEntry | undefined) => {
    if (!entry) return;
    onClose();
    entry.run();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      if (entries.length > 0) setActive((at + step + entries.length) % entries.length);
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(entries[at]);
    }
  };
  const optionId = (entry: PaletteEntry) => `${id}-${entry.key}`;
  const current = entries[at];

  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      centered={false}
      yOffset="10vh"
      size="lg"
      padding={0}
      attributes={{ content: { "aria-label": t("palette.title") } }}
    >
      <input
        className={classes.input}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onFocus={() => {
          if (!isTaken.current) setText(typedBefore());
          isTaken.current = true;
        }}
        role="combobox"
        aria-expanded
        aria-controls={`${id}-list`}
        aria-activedescendant={current ? optionId(current) : undefined}
        aria-label={t("palette.title")}
        placeholder={t("palette.placeholder")}
        data-autofocus
        autoFocus
        autoComplete="off"
        spellCheck={false}
        maxLength={200}
        dir="auto"
      />
      <div
        ref={list}
        id={`${id}-list`}
        role="listbox"
        aria-label={t("palette.title")}
        aria-busy={text !== settled}
        className={classes.list}
      >
        {groups.map(
          (group) =>
            group.entries.length > 0 && (
              <div key={group.label} role="group" aria-label={group.label}>
                <div className={classes.group} aria-hidden>
                  {group.label}
                </div>
                {group.entries.map((entry) => (
                  <div
                    key={entry.key}
                    id={optionId(entry)}
                    role="option"
                    aria-selected={entry === current}
                    className={classes.option}
                    onClick={() => run(entry)}
                    onMouseMove={() => setActive(entries.indexOf(entry))}
                  >
                    <entry.icon size={17} stroke={1.7} aria-hidden />
                    <bdi className="hf-clip">{entry.label}</bdi>
                    {entry.hint && <span className={classes.hint}>{entry.hint}</span>}
                  </div>
                ))}
              </div>
            ),
        )}
      </div>
      {entries.length === 0 && (
        <p className={classes.nothing} role="status">
          {t("palette.nothing")}
        </p>
      )}
      <div className={classes.foot}>{t("palette.hint")}</div>
    </Modal>
  );
}
