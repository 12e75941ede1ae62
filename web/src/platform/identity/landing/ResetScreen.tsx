import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { newKey } from "@/api/client";
import { asProblem } from "@/api/problem";
import { setSessionKnown } from "@/api/session";
import { t, useFormat } from "@/i18n";
import { FormFrame, SecretField, useForm } from "@/ui/form";
import { Notice } from "@/ui/Notice";
import { SkeletonLines } from "@/ui/Skeleton";
import { AuthFrame } from "../AuthFrame";
import { useLinkToken } from "../linkToken";
import { PasswordMeter } from "../PasswordMeter";
import { PASSWORD_LENGTH_MIN } from "../passwordRule";
import { meQuery } from "../queries";
import { SignInForm } from "../SignInForm";
import { LinkRefused, PasteLink } from "./LinkRefused";
import { resetQuery, setPassword } from "./queries";
import classes from "../auth.module.css";

interface Person {
  readonly name: string;
  readonly email: string;
  readonly expires_at: string;
}

/** Where the link of a reset leads: a new password, then sign-in with it. */
export function ResetScreen() {
  const [token, setToken] = useLinkToken();
  const [refusal, setRefusal] = useState<{ token: string; error: unknown } | null>(null);
  const [done, setDone] = useState<Person | null>(null);
  const person = useQuery(resetQuery(token));
  const me = useQuery(meQuery);
  useEffect(() => {
    document.title = `${t("reset.tab")} · Holdfast`;
  }, []);
  const failure = (refusal?.token === token ? refusal.error : null) ?? person.error;
  return (
    <AuthFrame>
      {done ? (
        <AfterReset person={done} />
      ) : token === "" ? (
        <PasteLink title={t("reset.tab")} onToken={setToken} />
      ) : failure ? (
        <LinkRefused
          error={failure}
          words={{
            unknown: t("reset.unknownTitle"),
            expired: t("reset.expiredTitle"),
            failed: t("reset.failedTitle"),
          }}
          isSignedIn={Boolean(me.data)}
          onRetry={() => {
            setRefusal(null);
            void person.refetch();
          }}
        />
      ) : person.data ? (
        <NewPassword
          key={token}
          token={token}
          person={person.data}
          onDone={() => setDone(person.data)}
          onRefused={(error) => setRefusal({ token, error })}
        />
      ) : (
        <SkeletonLines count={4} />
      )}
    </AuthFrame>
  );
}

function NewPassword({
  token,
  person,
  onDone,
  onRefused,
}: {
  readonly token: string;
  readonly person: Person;
  readonly onDone: () => void;
  readonly onRefused: (error: unknown) => void;
}) {
  const format = useFormat();
  const client = useQueryClient();
  const form = useForm({
    initial: { password: "" },
    newKey,
    validate: (values) => ({
      password: values.password.length >= PASSWORD_LENGTH_MIN ? null : t("password.rule"),
    }),
    send: async ({ password }) => {
      try {
        await setPassword(token, password);
      } catch (error) {
        if (asProblem(error).code.startsWith("reset-")) return onRefused(error);
        throw error;
      }
      // Whoever was signed in here may not be any more.
      setSessionKnown(false);
      await client.fetchQuery({ ...meQuery, staleTime: 0 });
      onDone();
    },
  });
  return (
    <>
      <h1 className={classes.title}>{t("reset.title")}</h1>
      <p className={classes.lead} dir="auto">
        {t("reset.lead", { name: person.name, email: person.email })}
      </p>
      <FormFrame
        hasHint={false}
        form={form}
        label={t("reset.title")}
        submitLabel={t("reset.submit")}
      >
        <input
          type="text"
          name="username"
          autoComplete="username"
          value={person.email}
          readOnly
          hidden
        />
        <SecretField
          form={form}
          name="password"
          label={t("reset.password")}
          autoComplete="new-password"
          autoFocus
        />
        <PasswordMeter password={form.values.password} context={[person.name, person.email]} />
        <p className={classes.small}>
          {t("reset.until", { date: format.dateTime(person.expires_at) })}
        </p>
      </FormFrame>
    </>
  );
}

function AfterReset({ person }: { readonly person: Person }) {
  const navigate = useNavigate();
  return (
    <>
      <h1 className={classes.title}>{t("signin.title")}</h1>
      <div className={classes.stack}>
        <Notice tone="good" title={t("reset.doneTitle")}>
          {t("reset.doneText")}
        </Notice>
        <SignInForm email={person.email} onDone={() => navigate({ to: "/", replace: true })} />
      </div>
    </>
  );
}
