import { useQueryClient } from "@tanstack/react-query";
import { newKey } from "@/api/client";
import { t } from "@/i18n";
import { FormFrame, SecretField, useForm } from "@/ui/form";
import { Section } from "@/ui/Page";
import { toastDone } from "@/ui/toast";
import { PasswordMeter } from "./PasswordMeter";
import { PASSWORD_LENGTH_MIN } from "./passwordRule";
import { changePassword, sessionsQuery, useMe } from "./queries";
import classes from "./account.module.css";

export function PasswordSection() {
  const me = useMe();
  const client = useQueryClient();
  const empty = { current: "", new: "" };
  const form = useForm({
    initial: empty,
    newKey,
    validate: (values) => ({
      current: values.current ? null : t("form.needed"),
      new: values.new.length >= PASSWORD_LENGTH_MIN ? null : t("password.rule"),
    }),
    send: async (values) => {
      await changePassword(values.current, values.new);
      form.reset(empty);
      toastDone(t("account.password.done"));
      await client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
    },
  });
  return (
    <Section title={t("account.password")}>
      <p className={classes.lead}>{t("account.password.lead")}</p>
      <FormFrame
        hasHint={false}
        form={form}
        label={t("account.password")}
        submitLabel={t("account.password.submit")}
      >
        <input
          type="text"
          name="username"
          autoComplete="username"
          value={me.email}
          readOnly
          hidden
        />
        <SecretField
          form={form}
          name="current"
          label={t("account.password.current")}
          autoComplete="current-password"
        />
        <SecretField
          form={form}
          name="new"
          label={t("account.password.new")}
          autoComplete="new-password"
        />
        <PasswordMeter password={form.values.new} context={[me.name, me.email]} />
      </FormFrame>
    </Section>
  );
}
