import { useState } from "react";
import { newKey } from "@/api/client";
import { ApiProblem, asProblem } from "@/api/problem";
import type { FactorMethod } from "@/api/stepUp";
import { t } from "@/i18n";
import { FormFrame, TextField, useForm } from "@/ui/form";
import type { SecondFactor } from "../queries";
import { LostFactor } from "./LostFactor";
import { PasskeyButton } from "./PasskeyButton";
import { PasskeyElsewhere } from "./PasskeyElsewhere";
import { signInByCode, signInByPasskey } from "./queries";
import { isPasskeyPlace, passkeysWork } from "./webauthn";
import classes from "../auth.module.css";

interface Props {
  readonly second: SecondFactor;
  readonly onDone: () => void | Promise<void>;
  /** The box has forgotten the password's part: too many tries, or too long ago. */
  readonly onRestart: (why: string | null) => void;
}

type Way = "totp" | "backup" | "passkey" | "lost";

/** The password was right; now something only its owner has. */
export default function SecondStep({ second, onDone, onRestart }: Props) {
  const { methods, passkeysOrigin } = second;
  const isPlace = passkeysWork() && isPasskeyPlace(passkeysOrigin);
  const ways = usable(methods, isPlace);
  const [way, setWay] = useState<Way>(ways[0] ?? "lost");
  const refused = (error: unknown) => {
    const { code, detail } = asProblem(error);
    if (code !== "sign-in-again") return false;
    onRestart(detail);
    return true;
  };
  return (
    <div className="hf-stack">
      {way === "lost" ? (
        <LostFactor hasBackup={methods.includes("backup")} onRefused={refused} />
      ) : way === "passkey" && isPlace ? (
        <>
          <p className="hf-text">{t("second.passkeyLead")}</p>
          <PasskeyButton run={signInByPasskey} onDone={onDone} onRefused={refused} />
        </>
      ) : way === "passkey" ? (
        <PasskeyElsewhere origin={passkeysOrigin} path="/sign-in" />
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

/** Best first. A passkey that does not work on this page comes last: there the way is told. */
function usable(methods: readonly FactorMethod[], isPlace: boolean): Exclude<Way, "lost">[] {
  const ways = isPlace
    ? (["passkey", "totp", "backup"] as const)
    : (["totp", "backup", "passkey"] as const);
  return ways.filter((one) => methods.includes(one));
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
        throw kind === "backup" ? aboutPaper(error) : error;
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

/** The box speaks of the app; whoever types a code from paper has none at hand. */
function aboutPaper(error: unknown): unknown {
  const { code } = asProblem(error);
  if (code !== "wrong-code" && code !== "code-used") return error;
  const detail = t(code === "code-used" ? "second.usedBackup" : "second.wrongBackup");
  return new ApiProblem({ code, detail, errors: [{ field: "code", code, detail }] }, null);
}
