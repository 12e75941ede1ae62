import { useState, type ReactNode } from "react";
import { t, type PlainKey } from "@/i18n";
import { Confirm } from "./Confirm";

interface Props<T> {
  readonly title: string;
  /** What happens when it is tried. */
  readonly text: string;
  readonly tryLabel: PlainKey;
  readonly againLabel: PlainKey;
  readonly send: () => Promise<T>;
  /** It was tried, well or not. */
  readonly onTried: () => Promise<void>;
  readonly onClose: () => void;
  /** How it went. */
  readonly children: (outcome: T) => ReactNode;
}

/** Tries right now what is set up and says how that ended, as often as somebody wants. */
export function TryDialog<T>(props: Props<T>) {
  const [outcome, setOutcome] = useState<T | null>(null);
  return (
    <Confirm
      opened
      title={props.title}
      confirmLabel={t(outcome === null ? props.tryLabel : props.againLabel)}
      cancelLabel={t("ui.close")}
      isDanger={false}
      onClose={props.onClose}
      onConfirm={async () => {
        setOutcome(null);
        try {
          setOutcome(await props.send());
        } finally {
          await props.onTried();
        }
      }}
    >
      <div className="hf-stack" aria-live="polite">
        <p className="hf-text">{props.text}</p>
        {outcome !== null && props.children(outcome)}
      </div>
    </Confirm>
  );
}
