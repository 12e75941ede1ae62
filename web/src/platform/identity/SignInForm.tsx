import { useQueryClient } from "@tanstack/react-query";
import { newKey } from "@/api/client";
import { t } from "@/i18n";
import { FormFrame, SecretField, TextField, useForm } from "@/ui/form";
import { meQuery, signIn } from "./queries";
import classes from "./auth.module.css";

interface Props {
  /** Who signs in, where that is known; nobody else can then. */
  readonly email?: string;
  /** Comes after the session is known. */
  readonly onDone: () => void | Promise<void>;
}

export function SignInForm({ email, onDone }: Props) {
  const client = useQueryClient();
  const form = useForm({
    initial: { email: email ?? "", password: "" },
    newKey,
    validate: (values) => ({
      email: values.email.trim() ? null : t("form.needed"),
      password: values.password ? null : t("form.needed"),
    }),
    send: async (values) => {
      await signIn(values.email.trim(), values.password);
      await client.fetchQuery({ ...meQuery, staleTime: 0 });
      await onDone();
    },
  });
  return (
    <FormFrame
      hasHint={false}
      form={form}
      label={t("signin.title")}
      submitLabel={t("signin.submit")}
    >
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
          <p className={classes.text}>{t("signin.as", { email })}</p>
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
