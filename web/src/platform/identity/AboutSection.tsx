import { newKey } from "@/api/client";
import { t } from "@/i18n";
import { FormFrame, LeaveGuard, TextField, useForm } from "@/ui/form";
import { Section } from "@/ui/Page";
import { toastDone } from "@/ui/toast";
import { useMe, useUpdateMe } from "./queries";
import classes from "./account.module.css";

export function AboutSection() {
  const me = useMe();
  const update = useUpdateMe();
  const form = useForm({
    initial: { name: me.name },
    newKey,
    validate: (values) => ({ name: values.name.trim() ? null : t("form.needed") }),
    send: async (values) => {
      await update.mutateAsync({ me, change: { name: values.name.trim() } });
      toastDone(t("account.saved"));
    },
  });
  return (
    <Section title={t("account.about")}>
      <LeaveGuard isDirty={form.isDirty} />
      <FormFrame
        hasHint={false}
        form={form}
        label={t("account.about")}
        submitLabel={t("account.save")}
        isBlocked={!form.isDirty}
      >
        <TextField
          form={form}
          name="name"
          label={t("account.name")}
          autoComplete="name"
          maxLength={120}
        />
        <div>
          <div className={classes.label}>{t("account.email")}</div>
          <div className={classes.fixed}>{me.email}</div>
          <div className="hf-dim">{t("account.emailHelp")}</div>
        </div>
      </FormFrame>
    </Section>
  );
}
