import { Button } from "@mantine/core";
import { useState, type FormEvent, type ReactNode } from "react";
import type { RecoveryKit, RecoveryKits } from "@/api/types";
import { t } from "@/i18n";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { wasCancelled } from "@/ui/refusal";
import { checkKit, KitField } from "./KitField";

interface Props {
  readonly box: RecoveryKits;
  /** The kit it has to be; any kit of the box without one. */
  readonly kit?: RecoveryKit;
  readonly lead: string;
  readonly note?: string;
  readonly submitLabel: string;
  readonly cancelLabel?: string;
  readonly extra?: ReactNode;
  readonly children?: ReactNode;
  readonly onCancel: () => void;
  /** Gets the private key; what it answers is what is wrong with the kit. */
  readonly onKit: (identity: string) => Promise<string | null | void>;
}

/** Asks for a kit and hands its key on, once it is known to be the right one. */
export function KitForm(props: Props) {
  const { box, kit, onKit } = props;
  const [text, setText] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [isSending, setSending] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isSending) return;
    setSending(true);
    setFault(null);
    setError(null);
    try {
      const held = await checkKit(text, { boxId: box.box_id, ...(kit ? { kit } : {}) });
      setFault(typeof held === "string" ? held : ((await onKit(held.identity)) ?? null));
    } catch (cause) {
      if (!wasCancelled(cause)) setError(cause);
    } finally {
      setSending(false);
    }
  };
  return (
    <form
      className="hf-stack"
      onSubmit={(event) => void submit(event)}
      noValidate
      aria-label={props.submitLabel}
    >
      <p className="hf-text">{props.lead}</p>
      {props.note && <p className="hf-note">{props.note}</p>}
      {props.children}
      {error !== null && <ProblemAlert error={error} />}
      <KitField
        text={text}
        error={fault}
        onChange={(next) => {
          setText(next);
          setFault(null);
        }}
      />
      <div className="hf-flow">
        <Button type="submit" loading={isSending}>
          {props.submitLabel}
        </Button>
        <Button variant="default" onClick={props.onCancel}>
          {props.cancelLabel ?? t("ui.cancel")}
        </Button>
        {props.extra}
      </div>
    </form>
  );
}
