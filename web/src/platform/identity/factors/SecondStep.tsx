import { useState } from "react";
import { newKey } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { FactorMethod } from "@/api/stepUp";
import { t } from "@/i18n";
import { FormFrame, TextField, useForm } from "@/ui/form";
import { LostFactor } from "./LostFactor";
import { signInByCode } from "./queries";
import classes from "../auth.module.css";

interface Props {
  readonly methods: readonly FactorMethod[];
  readonly onDone: () => void | Promise<void>;
  /** The box has forgotten the password's part: too many tries, or too long ago. */
  readonly onRestart: (why: string | null) => void;
}

type Way = "totp" | "backup" | "lost";

/** The password was right; now something only its owner has. */
export default function SecondStep({ methods, onDone, onRestart }: Props) {
  const ways = usable(methods);
  const [way, setWay] = useState<Way>(ways[0] ?? "lost");
  const refused = (error: unknown) => {
    const { code, detail } = asProblem(error);
    if (code !== "sign-in-again") return false;
    onRestart(detail);
    return true;
  };
  return (
    <div className={classes.stack}>
      {way === "lost" ? (
        <LostFactor hasBackup={methods.includes("backup")} onRefused={refused} />
      ) : (
        <CodeForm key={way} kind={way} onDone={onDone} onRefused={refused} />
      )}
      <div className={classes.ways}>
        {ways
          .filter((one) => one !== way)
          .map((one) => (
            <button key={one} type="button" className="hf-link" onClick={() => setWay(one)}>
              {t(`second.use.${one}`)}
            </button>
          ))}
        {way !== "lost" && (
          <button type="button" className="hf-link" onClick={() => setWay("lost")}>
            {t("second.lost")}
          </button>
        )}
        <button type="button" className="hf-link" onClick={() => onRestart(null)}>
          {t("second.restart")}
        </button>
      </div>
    </div>
  );
}

function usable(methods: readonly FactorMethod[]): Exclude<Way, "lost">[] {
  return (["totp", "backup"] as const).filter((one) => methods.includes(one));
}

function CodeForm({
  kind,
  onDone,
  onRefused,
}: {
  readonly kind: "totp" | "backup";
  readonly onDone: Props["onDone"];
  readonly onRefused: (error: unknown) => boolean;
}) {
  const form = useForm({
    initial: { code: "" },
    newKey,
    validate: (values) => ({ code: values.code.trim() ? null : t("form.needed") }),
    send: async ({ code }) => {
      try {
        await signInByCode(kind, code.trim());
      } catch (error) {
        if (onRefused(error)) return;
        throw error;
      }
      await onDone();
    },
  });
  return (
    <FormFrame
      hasHint={false}
      form={form}
      label={t("second.title")}
      submitLabel={t("second.submit")}
    >
      <TextField
        form={form}
        name="code"
        label={t(`second.code.${kind}`)}
        help={t(`second.codeHelp.${kind}`)}
        inputMode={kind === "totp" ? "numeric" : "text"}
        autoComplete="one-time-code"
        maxLength={40}
        autoFocus
      />
    </FormFrame>
  );
}
