import { Button } from "@mantine/core";
import { useEffect } from "react";
import { newKey } from "@/api/client";
import { asProblem } from "@/api/problem";
import { t } from "@/i18n";
import { FormFrame, SecretField, TextField, useForm } from "@/ui/form";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { PasswordMeter } from "../identity/PasswordMeter";
import { PASSWORD_LENGTH_MIN } from "../identity/passwordRule";
import classes from "../identity/auth.module.css";

export interface YouAnswers {
  readonly name: string;
  readonly email: string;
  readonly password: string;
}

interface Props {
  readonly answers: YouAnswers;
  readonly refused: unknown;
  readonly onBack: () => void;
  readonly onDone: (answers: YouAnswers) => void;
}

export function YouStep({ answers, refused, onBack, onDone }: Props) {
  const form = useForm({
    initial: answers,
    newKey,
    validate: (values) => ({
      "operator.name": values.name.trim() ? null : t("form.needed"),
      "operator.email": values.email.includes("@") ? null : t("form.needed"),
      "operator.password":
        values.password.length >= PASSWORD_LENGTH_MIN ? null : t("password.rule"),
    }),
    send: async (values) =>
      onDone({ name: values.name.trim(), email: values.email.trim(), password: values.password }),
  });
  const problem = refused === null ? null : asProblem(refused);
  useEffect(() => {
    if (problem) document.getElementById(form.fieldId(problem.fields[0]?.field ?? ""))?.focus();
  }, [problem, form]);
  return (
    <>
      <h1 className={classes.title}>{t("setup.you.title")}</h1>
      <p className={classes.lead}>{t("setup.you.lead")}</p>
      <FormFrame
        hasHint={false}
        form={form}
        label={t("setup.you.title")}
        submitLabel={t("setup.continue")}
        extra={
          <Button variant="default" onClick={onBack}>
            {t("ui.back")}
          </Button>
        }
      >
        {problem && (
          <ProblemAlert error={problem}>
            {problem.fields.map((one) => (
              <p key={one.field} style={{ margin: 0 }}>
                {one.detail}
              </p>
            ))}
          </ProblemAlert>
        )}
        <TextField
          form={form}
          name="name"
          path="operator.name"
          label={t("setup.you.name")}
          autoComplete="name"
          autoFocus
        />
        <TextField
          form={form}
          name="email"
          path="operator.email"
          label={t("setup.you.email")}
          type="email"
          inputMode="email"
          autoComplete="username"
        />
        <SecretField
          form={form}
          name="password"
          path="operator.password"
          label={t("setup.you.password")}
          autoComplete="new-password"
        />
        <PasswordMeter
          password={form.values.password}
          context={[form.values.name, form.values.email]}
        />
      </FormFrame>
    </>
  );
}
