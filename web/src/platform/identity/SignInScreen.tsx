import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect } from "react";
import { newKey } from "@/api/client";
import { t } from "@/i18n";
import { FormFrame, SecretField, TextField, useForm } from "@/ui/form";
import { AuthFrame } from "./AuthFrame";
import { meQuery, signIn } from "./queries";
import classes from "./auth.module.css";

export function SignInScreen() {
  const client = useQueryClient();
  const navigate = useNavigate();
  const { next } = useSearch({ from: "/sign-in" });
  useEffect(() => {
    document.title = `${t("signin.title")} · Holdfast`;
  }, []);
  const form = useForm({
    initial: { email: "", password: "" },
    newKey,
    validate: (values) => ({
      email: values.email.trim() ? null : t("form.needed"),
      password: values.password ? null : t("form.needed"),
    }),
    send: async ({ email, password }) => {
      await signIn(email.trim(), password);
      await client.fetchQuery({ ...meQuery, staleTime: 0 });
      await navigate({ to: safeNext(next), replace: true });
    },
  });
  return (
    <AuthFrame>
      <h1 className={classes.title}>{t("signin.title")}</h1>
      <p className={classes.lead}>{t("signin.lead")}</p>
      <FormFrame
        hasHint={false}
        form={form}
        label={t("signin.title")}
        submitLabel={t("signin.submit")}
      >
        <TextField
          form={form}
          name="email"
          label={t("signin.email")}
          type="email"
          inputMode="email"
          autoComplete="username"
          autoFocus
        />
        <SecretField
          form={form}
          name="password"
          label={t("signin.password")}
          autoComplete="current-password"
        />
      </FormFrame>
    </AuthFrame>
  );
}

/** Only a path of this page; never another host. */
function safeNext(next: string | undefined): string {
  return next?.startsWith("/") && !next.startsWith("//") && !next.startsWith("/\\") ? next : "/";
}
