import { useQuery } from "@tanstack/react-query";
import { IconLock } from "@tabler/icons-react";
import { useEffect, useState } from "react";
import { newKey } from "@/api/client";
import { t } from "@/i18n";
import { FormFrame, TextField, useForm } from "@/ui/form";
import { LinkButton } from "@/ui/LinkButton";
import { Notice } from "@/ui/Notice";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { SkeletonLines } from "@/ui/Skeleton";
import { StateBlock } from "@/ui/StateBlock";
import { AuthFrame } from "../AuthFrame";
import { useLinkToken } from "../linkToken";
import { meQuery } from "../queries";
import { confirm, offerQuery, register } from "../registration/queries";
import { LinkRefused } from "./LinkRefused";
import { PasswordChosen, PasswordForm } from "./PasswordForm";
import classes from "../auth.module.css";

/** Makes an account where that is open; with the link's token, chooses its password. */
export function RegisterScreen() {
  const [token] = useLinkToken();
  useEffect(() => {
    document.title = `${t("register.title")} · Holdfast`;
  }, []);
  return (
    <AuthFrame>{token ? <Confirming key={token} token={token} /> : <Registering />}</AuthFrame>
  );
}

function Registering() {
  const offer = useQuery(offerQuery);
  const [sent, setSent] = useState<{ email: string; isMailed: boolean } | null>(null);
  if (sent) return <Sent {...sent} />;
  if (offer.error) return <ProblemAlert error={offer.error} onRetry={() => void offer.refetch()} />;
  if (offer.data === undefined) return <SkeletonLines count={4} />;
  if (!offer.data)
    return (
      <StateBlock
        isPage
        icon={IconLock}
        title={t("register.closedTitle")}
        text={t("register.closed")}
      >
        <ToSignIn />
      </StateBlock>
    );
  return <RegisterForm onSent={setSent} />;
}

function RegisterForm({
  onSent,
}: {
  readonly onSent: (sent: { email: string; isMailed: boolean }) => void;
}) {
  const form = useForm({
    initial: { name: "", email: "" },
    newKey,
    validate: (values) => ({
      name: values.name.trim() ? null : t("form.needed"),
      email: /^\S+@\S+$/.test(values.email.trim()) ? null : t("register.emailBad"),
    }),
    send: async (values) => {
      const [name, email] = [values.name.trim(), values.email.trim()];
      onSent({ email, isMailed: await register({ name, email }) });
    },
  });
  return (
    <>
      <h1 className={classes.title}>{t("register.title")}</h1>
      <p className={classes.lead}>{t("register.lead")}</p>
      <FormFrame
        hasHint={false}
        form={form}
        label={t("register.title")}
        submitLabel={t("register.submit")}
        extra={<ToSignIn />}
      >
        <TextField
          form={form}
          name="name"
          label={t("register.name")}
          autoComplete="name"
          maxLength={120}
          autoFocus
        />
        <TextField
          form={form}
          name="email"
          label={t("register.email")}
          type="email"
          inputMode="email"
          autoComplete="email"
        />
      </FormFrame>
    </>
  );
}

/** The same for everybody: nobody learns here which addresses have an account. */
function Sent({ email, isMailed }: { readonly email: string; readonly isMailed: boolean }) {
  return (
    <div className="hf-stack" aria-live="polite">
      <h1 className={classes.title}>
        {t(isMailed ? "register.sentTitle" : "register.askedTitle")}
      </h1>
      <Notice tone="good">{isMailed ? t("register.sent", { email }) : t("register.asked")}</Notice>
      <div>
        <ToSignIn />
      </div>
    </div>
  );
}

function ToSignIn() {
  return (
    <LinkButton to="/sign-in" variant="default">
      {t("landing.toSignIn")}
    </LinkButton>
  );
}

function Confirming({ token }: { readonly token: string }) {
  const me = useQuery(meQuery);
  const [refusal, setRefusal] = useState<unknown>(null);
  const [isDone, setDone] = useState(false);
  if (refusal !== null)
    return (
      <LinkRefused
        error={refusal}
        words={{ unknown: t("register.unknownTitle"), failed: t("register.failedTitle") }}
        isSignedIn={Boolean(me.data)}
      />
    );
  if (isDone)
    return <PasswordChosen title={t("register.doneTitle")} text={t("register.doneText")} />;
  return (
    <PasswordForm
      title={t("register.confirmTitle")}
      lead={t("register.confirmLead")}
      label={t("register.password")}
      submitLabel={t("register.confirm")}
      onSend={async (password) => {
        await confirm(token, password);
        setDone(true);
      }}
      linkCodes="registration-"
      onRefused={setRefusal}
    />
  );
}
