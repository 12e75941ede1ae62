import { Button, TextInput } from "@mantine/core";
import { IconBolt } from "@tabler/icons-react";
import { useRef, useState, type KeyboardEvent } from "react";
import { newKey } from "@/api/client";
import { asProblem } from "@/api/problem";
import { t, useFormat } from "@/i18n";
import { trimZeros } from "@/i18n/decimal";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { PRICES } from "../permissions";
import { QuickChips } from "./QuickChips";
import { isStockShort, StockShort } from "./StockShort";
import { usePostMovement } from "./usePostMovement";
import { useQuickEntry } from "./useQuickEntry";
import classes from "./movements.module.css";

/** One line, read as it is typed; every part can be picked instead. Enter posts it. */
export function QuickEntryBar() {
  const workspace = useWorkspace();
  const format = useFormat();
  const post = usePostMovement();
  const { text, setText, understood, pick, clear } = useQuickEntry();
  const [error, setError] = useState<unknown>(null);
  const [isSending, setSending] = useState(false);
  const key = useRef<string | null>(null);
  const input = useRef<HTMLInputElement>(null);

  const send = async (change: { override?: string } = {}) => {
    const { type, item, place, to, entry } = understood;
    if (isSending || !understood.isReady || !type || !item || !place || entry.qty === null) return;
    setSending(true);
    setError(null);
    key.current ??= newKey();
    try {
      await post(
        {
          type,
          item,
          location: place,
          to: type === "transfer" ? to : null,
          qty: entry.qty,
          reference: entry.reference ?? undefined,
          note: entry.note ?? undefined,
          unit_cost: workspace.can(PRICES) ? (entry.unitCost ?? undefined) : undefined,
          override_reason: change.override,
        },
        key.current,
      );
      key.current = null;
      clear();
      input.current?.focus();
    } catch (cause) {
      if (asProblem(cause).status > 0) key.current = null;
      setError(cause);
    } finally {
      setSending(false);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") {
      event.preventDefault();
      void send();
    } else if (event.key === "Escape" && text) {
      clear();
      setError(null);
    }
  };
  const take = (onHand: string) => {
    const qty = understood.entry.qty;
    const typed = qty === null ? "" : format.qty(qty).replaceAll(format.separators.group, "");
    const next = trimZeros(onHand).replace(".", format.separators.point);
    setText(typed && text.includes(typed) ? text.replace(typed, next) : text);
    setError(null);
  };

  return (
    <section
      className={classes.quick}
      aria-label={t("quick.label")}
      aria-busy={understood.isSearching}
    >
      <div className={classes.quickLine}>
        <TextInput
          ref={input}
          className={classes.quickInput}
          value={text}
          onChange={(event) => {
            setText(event.currentTarget.value);
            setError(null);
          }}
          onKeyDown={onKeyDown}
          aria-label={t("quick.label")}
          placeholder={t("quick.example")}
          leftSection={<IconBolt size={17} aria-hidden />}
          maxLength={400}
          autoComplete="off"
          spellCheck={false}
          dir="auto"
        />
        <Button disabled={!understood.isReady} loading={isSending} onClick={() => void send()}>
          {understood.type ? t(`movements.submit.${understood.type}`) : t("quick.post")}
        </Button>
      </div>
      {text !== "" && <QuickChips understood={understood} onPick={pick} />}
      {isStockShort(error) ? (
        <StockShort
          error={error}
          unit={understood.item?.unit ?? ""}
          place={understood.place?.name ?? ""}
          isSending={isSending}
          onTake={take}
          onOverride={(override) => void send({ override })}
        />
      ) : (
        error !== null && (
          <ProblemAlert error={error}>
            {asProblem(error).fields.map((one) => (
              <p key={one.field} style={{ margin: 0 }}>
                {one.detail}
              </p>
            ))}
          </ProblemAlert>
        )
      )}
    </section>
  );
}
