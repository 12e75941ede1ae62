import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { setSessionKnown } from "@/api/session";
import { t, useFormat } from "@/i18n";
import { SkeletonLines } from "@/ui/Skeleton";
import { AuthFrame } from "../AuthFrame";
import { useLinkToken } from "../linkToken";
import { meQuery } from "../queries";
import { LinkRefused, PasteLink } from "./LinkRefused";
import { PasswordChosen, PasswordForm } from "./PasswordForm";
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
        <PasswordChosen
          title={t("reset.doneTitle")}
          text={t("reset.doneText")}
          email={done.email}
        />
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
  return (
    <PasswordForm
      title={t("reset.title")}
      lead={t("reset.lead", { name: person.name, email: person.email })}
      label={t("reset.password")}
      submitLabel={t("reset.submit")}
      person={person}
      onSend={async (password) => {
        await setPassword(token, password);
        // Whoever was signed in here may not be any more.
        setSessionKnown(false);
        await client.fetchQuery({ ...meQuery, staleTime: 0 });
        onDone();
      }}
      linkCodes="reset-"
      onRefused={onRefused}
    >
      <p className={classes.small}>
        {t("reset.until", { date: format.dateTime(person.expires_at) })}
      </p>
    </PasswordForm>
  );
}
