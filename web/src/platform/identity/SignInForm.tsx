import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState, type ReactNode } from "react";
import { newKey } from "@/api/client";
import { t } from "@/i18n";
import { FormFrame, SecretField, TextField, useForm } from "@/ui/form";
import { Notice } from "@/ui/Notice";
import { SkeletonLines } from "@/ui/Skeleton";
import { meQuery, signIn, type SecondFactor } from "./queries";
import classes from "./auth.module.css";

const SecondStep = lazy(() => import("./factors/SecondStep"));

interface Props {
  /** Who signs in, where that is known; nobody else can then. */
  readonly email?: string;
  readonly submitLabel?: string;
  /** Stand above and below it until the password was right. */
  readonly lead?: ReactNode;
  readonly foot?: ReactNode;
  /** The page knows who it is and waits for the session alone, with all its requests. */
  readonly isAgain?: boolean;
  /** Comes after the session is known. */
  readonly onDone: () => void | Promise<void>;
}

/** Email and password, then the second factor of whoever has one. */
export function SignInForm({ email, submitLabel, lead, foot, isAgain = false, onDone }: Props) {
  const client = useQueryClient();
  const [second, setSecond] = useState<SecondFactor | null>(null);
  const [typed, setTyped] = useState("");
  const [why, setWhy] = useState<string | null>(null);
  const enter = async () => {
    // A question that waits for this very sign-in would be waited for here for ever.
    if (!isAgain) await client.fetchQuery({ ...meQuery, staleTime: 0 });
    await onDone();
  };
  const restart = (reason: string | null) => {
    setWhy(reason);
    setSecond(null);
  };
  if (second)
    return (
      <Suspense fallback={<SkeletonLines count={3} />}>
        <SecondStep second={second} onDone={enter} onRestart={restart} />
      </Suspense>
    );
  return (
    <>
      {lead}
      {why && (
        <div className={classes.above}>
          <Notice tone="caution">{why}</Notice>
        </div>
      )}
      <PasswordForm
        {...(email === undefined ? {} : { email })}
        submitLabel={submitLabel ?? t("signin.submit")}
        onEnter={enter}
        typed={typed}
        onSecond={(found, by) => {
          setTyped(by);
          setSecond(found);
        }}
      />
      {foot}
    </>
  );
}

function PasswordForm({
  email,
  typed,
  submitLabel,
  onEnter,
  onSecond,
}: {
  readonly email?: string;
  /** What was typed before the second step was given up. */
  readonly typed: string;
  readonly submitLabel: string;
  readonly onEnter: () => Promise<void>;
  readonly onSecond: (second: SecondFactor, email: string) => void;
}) {
  const form = useForm({
    initial: { email: email ?? typed, password: "" },
    newKey,
    validate: (values) => ({
      email: values.email.trim() ? null : t("form.needed"),
      password: values.password ? null : t("form.needed"),
    }),
    send: async (values) => {
      const second = await signIn(values.email.trim(), values.password);
      if (second) onSecond(second, values.email);
      else await onEnter();
    },
  });
  return (
    <FormFrame hasHint={false} form={form} label={t("signin.title")} submitLabel={submitLabel}>
      {email === undefined ? (
        <TextField
          form={form}
          name="email"
          label={t("signin.email")}
          type="email"
          inputMode="email"
          autoComplete="username"
          autoFocus
        />
      ) : (
        <>
          <p className="hf-text">{t("signin.as", { email })}</p>
          <input type="email" name="email" autoComplete="username" value={email} readOnly hidden />
        </>
      )}
      <SecretField
        form={form}
        name="password"
        label={t("signin.password")}
        autoComplete="current-password"
        autoFocus={email !== undefined}
      />
    </FormFrame>
  );
}
