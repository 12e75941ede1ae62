import { Button, SegmentedControl, TextInput } from "@mantine/core";
import { IconBackspace } from "@tabler/icons-react";
import { useRef, useState } from "react";
import { newKey } from "@/api/client";
import type { Count, CountEntry, CountLine } from "@/api/types";
import { t, tDynamic, useFormat } from "@/i18n";
import { readTyped } from "@/i18n/decimal";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { toastDone, toastFailed } from "@/ui/toast";
import { Qty } from "@/ui/values";
import classes from "./counts.module.css";
import { pressed } from "./pad";
import { useEntering } from "./useAllLines";

/** What is counted now. */
export interface Counted {
  readonly key: string;
  /** None where the count did not expect it. */
  readonly line: CountLine | null;
  readonly item: string;
  readonly number: string;
  readonly name: string;
  readonly unit: string;
  readonly place: string;
}

interface Props {
  readonly count: Count;
  readonly what: Counted;
  readonly onDone: () => void;
  readonly onSkip: () => void;
}

type Mode = "set" | "add";

/** One item: how much of it is there, typed on a pad that a thumb reaches. */
export function EntryPad({ count, what, onDone, onSkip }: Props) {
  const { separators } = useFormat();
  const field = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState("");
  const [mode, setMode] = useState<Mode>("set");
  const { send, isSending, error, setError } = useSend(count, what, onDone);
  const submit = () => {
    const qty = readTyped(typed, separators);
    if (qty === null) setError(t("form.notANumber"));
    else void send(qty, mode);
    field.current?.focus();
  };
  const press = (key: string) => {
    setError(null);
    setTyped((old) => pressed(old, key, separators.point));
  };
  return (
    <section className={classes.pad} aria-label={what.name}>
      <What what={what} />
      <SegmentedControl
        fullWidth
        aria-label={t("counts.mode")}
        value={mode}
        onChange={(next) => setMode(next === "add" ? "add" : "set")}
        data={[
          { value: "set", label: t("counts.set") },
          { value: "add", label: t("counts.add") },
        ]}
      />
      <TextInput
        ref={field}
        size="lg"
        value={typed}
        onChange={(event) => {
          setError(null);
          setTyped(event.currentTarget.value);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") submit();
        }}
        aria-label={t("counts.qtyOf", { item: what.name, unit: what.unit })}
        rightSection={<bdi className={classes.unit}>{what.unit}</bdi>}
        rightSectionWidth={64}
        // The pad below is the keyboard; a keyboard that is plugged in types all the same.
        inputMode="none"
        autoComplete="off"
        maxLength={20}
        error={typeof error === "string" ? error : undefined}
        autoFocus
      />
      {error !== null && typeof error !== "string" && <ProblemAlert error={error} />}
      <Keys point={separators.point} onPress={press} />
      <div className={classes.padFoot}>
        <Button variant="default" size="lg" onClick={onSkip}>
          {t("counts.skip")}
        </Button>
        <Button size="lg" loading={isSending} disabled={!typed} onClick={submit}>
          {t("counts.next")}
        </Button>
      </div>
    </section>
  );
}

function What({ what }: { readonly what: Counted }) {
  const { line } = what;
  return (
    <div className={classes.what}>
      <h2 className={classes.whatName} dir="auto">
        {what.name}
      </h2>
      <span className="hf-dim">
        <bdi className="hf-mono">{what.number}</bdi>
        {line?.expected && (
          <>
            {" · "}
            {t("counts.expected")} <Qty value={line.expected} unit={line.unit} />
          </>
        )}
        {line?.counted && (
          <>
            {" · "}
            {t("counts.counted")} <Qty value={line.counted} unit={line.unit} />
          </>
        )}
      </span>
    </div>
  );
}

function Keys({
  point,
  onPress,
}: {
  readonly point: string;
  readonly onPress: (key: string) => void;
}) {
  const keys = ["7", "8", "9", "4", "5", "6", "1", "2", "3", point, "0", "back"];
  return (
    <div className={classes.keys} role="group" aria-label={t("counts.pad")}>
      {keys.map((key) => (
        <button
          key={key}
          type="button"
          className={classes.key}
          onClick={() => onPress(key)}
          {...(key === "back" ? { "aria-label": t("counts.back") } : {})}
        >
          {key === "back" ? <IconBackspace size={22} aria-hidden /> : key}
        </button>
      ))}
    </div>
  );
}

/** Sends what was counted, says so, and offers to take it back. */
function useSend(count: Count, what: Counted, onDone: () => void) {
  const enter = useEntering(count.id);
  const format = useFormat();
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const kept = useRef<CountEntry | null>(null);
  // What was posted after this item came up is not what its counter knew.
  const [seen] = useState(count.ledger_seq);
  const takeBack = async (entry: CountEntry) => {
    const undo = { ...entry, client_op: newKey(), undoes: entry.client_op };
    try {
      const { code, detail } = await enter(undo);
      if (code) toastFailed(new Error(detail));
      else toastDone(t("counts.undone"));
    } catch (cause) {
      toastFailed(cause);
    }
  };
  const send = async (qty: string, mode: Mode) => {
    if (isSending) return;
    const same = kept.current?.qty === qty && kept.current.mode === mode;
    // Until the box has answered, pressing again sends the same operation.
    const entry: CountEntry = (same && kept.current) || {
      client_op: newKey(),
      item_id: what.item,
      location_id: what.place,
      qty,
      mode,
      seen_seq: seen,
      counted_at: new Date().toISOString(),
    };
    kept.current = entry;
    setSending(true);
    setError(null);
    try {
      const { code, detail } = await enter(entry);
      kept.current = null;
      if (code) setError(tDynamic(`problem.code.${code}`, detail));
      else {
        const { unit, name: item } = what;
        toastDone(t("counts.entered", { qty: format.qty(qty), unit, item }), () => {
          void takeBack(entry);
        });
        onDone();
      }
    } catch (cause) {
      setError(cause);
    } finally {
      setSending(false);
    }
  };
  return { send, isSending, error, setError };
}
