import { newKey } from "@/api/client";
import type { InvitationPreview } from "@/api/types";
import { t } from "@/i18n";
import { FormFrame, SecretField, TextField, useForm } from "@/ui/form";
import { PasswordMeter } from "../PasswordMeter";
import { PASSWORD_LENGTH_MIN } from "../passwordRule";
import classes from "../auth.module.css";

interface Props {
  readonly invitation: InvitationPreview;
  readonly onSend: (person: { name: string; password: string }) => Promise<void>;
}

/** A person who is new on this box chooses a name and a password. */
export function NewPersonForm({ invitation, onSend }: Props) {
  const form = useForm({
    initial: { name: "", password: "" },
    newKey,
    validate: (values) => ({
      name: values.name.trim() ? null : t("form.needed"),
      password: values.password.length >= PASSWORD_LENGTH_MIN ? null : t("password.rule"),
    }),
    send: (values) => onSend({ name: values.name.trim(), password: values.password }),
  });
  return (
    <>
      <p className={classes.lead}>{t("landing.new")}</p>
      <FormFrame
        hasHint={false}
        form={form}
        label={t("landing.title", { workspace: invitation.workspace_name })}
        submitLabel={t("landing.accept")}
      >
        <TextField
          form={form}
          name="name"
          label={t("landing.name")}
          autoComplete="name"
          maxLength={120}
          autoFocus
        />
        <input
          type="text"
          name="username"
          autoComplete="username"
          value={invitation.email}
          readOnly
          hidden
        />
        <SecretField
          form={form}
          name="password"
          label={t("landing.password")}
          autoComplete="new-password"
        />
        <PasswordMeter
          password={form.values.password}
          context={[form.values.name, invitation.email, invitation.box_name]}
        />
      </FormFrame>
    </>
  );
}
