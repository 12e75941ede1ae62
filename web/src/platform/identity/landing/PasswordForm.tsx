import { useNavigate } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { newKey } from "@/api/client";
import { asProblem } from "@/api/problem";
import { t } from "@/i18n";
import { FormFrame, SecretField, useForm } from "@/ui/form";
import { Notice } from "@/ui/Notice";
import { PasswordMeter } from "../PasswordMeter";
import { PASSWORD_LENGTH_MIN } from "../passwordRule";
import { SignInForm } from "../SignInForm";
import classes from "../auth.module.css";

interface Props {
  readonly title: string;
  readonly lead: string;
  readonly label: string;
  readonly submitLabel: string;
  /** Whose password it is, where that is known: browsers keep it under the address. */
  readonly person?: { readonly name: string; readonly email: string };
  readonly children?: ReactNode;
  readonly onSend: (password: string) => Promise<void>;
  /** Refusals of the link itself, which no other password would help. */
  readonly linkCodes: string;
  readonly onRefused: (error: unknown) => void;
}

/** What a link leads to that lets somebody choose a password. */
export function PasswordForm({
  title,
  lead,
  label,
  submitLabel,
  person,
  children,
  onSend,
  linkCodes,
  onRefused,
}: Props) {
  const form = useForm({
    initial: { password: "" },
    newKey,
    validate: (values) => ({
      password: values.password.length >= PASSWORD_LENGTH_MIN ? null : t("password.rule"),
    }),
    send: async ({ password }) => {
      try {
        await onSend(password);
      } catch (error) {
        if (asProblem(error).code.startsWith(linkCodes)) return onRefused(error);
        throw error;
      }
    },
  });
  return (
    <>
      <h1 className={classes.title}>{title}</h1>
      <p className={classes.lead} dir="auto">
        {lead}
      </p>
      <FormFrame hasHint={false} form={form} label={title} submitLabel={submitLabel}>
        {person && (
          <input
            type="text"
            name="username"
            autoComplete="username"
            value={person.email}
            readOnly
            hidden
          />
        )}
        <SecretField
          form={form}
          name="password"
          label={label}
          autoComplete="new-password"
          autoFocus
        />
        <PasswordMeter
          password={form.values.password}
          context={person ? [person.name, person.email] : []}
        />
        {children}
      </FormFrame>
    </>
  );
}

/** The password stands; now it is used. */
export function PasswordChosen({
  title,
  text,
  email,
}: {
  readonly title: string;
  readonly text: string;
  readonly email?: string;
}) {
  const navigate = useNavigate();
  return (
    <>
      <h1 className={classes.title}>{t("signin.title")}</h1>
      <div className="hf-stack">
        <Notice tone="good" title={title}>
          {text}
        </Notice>
        <SignInForm
          {...(email === undefined ? {} : { email })}
          onDone={() => navigate({ to: "/", replace: true })}
        />
      </div>
    </>
  );
}
