import { newKey } from "@/api/client";
import { t } from "@/i18n";
import { DialogFoot } from "@/ui/DialogFoot";
import { FormFrame, TextField, useForm } from "@/ui/form";
import { Notice } from "@/ui/Notice";
import { deviceOf } from "../browserName";
import { PasskeyElsewhere } from "./PasskeyElsewhere";
import { addPasskey } from "./queries";
import { passkeysWork } from "./webauthn";

interface Props {
  readonly isOffered: boolean;
  /** Where passkeys can be made when not here. */
  readonly origin: string | null;
  readonly onEnrolled: (codes: readonly string[]) => void;
  readonly onCancel: () => void;
}

/** A passkey belongs to the box's name: reached by another, the way there is shown instead. */
export function PasskeySetup({ isOffered, origin, onEnrolled, onCancel }: Props) {
  if (isOffered && passkeysWork()) return <NameForm onEnrolled={onEnrolled} onCancel={onCancel} />;
  return (
    <div className="hf-stack">
      <PasskeyElsewhere origin={origin} path="/account#second-factor" />
      <DialogFoot onClose={onCancel} />
    </div>
  );
}

function NameForm({ onEnrolled, onCancel }: Pick<Props, "onEnrolled" | "onCancel">) {
  const form = useForm({
    initial: { name: thisDevice(), failed: null as "closed" | "known" | null },
    newKey,
    validate: (values) => ({ name: values.name.trim() ? null : t("form.needed") }),
    send: async ({ name }, key) => {
      form.set("failed", null);
      const added = await addPasskey(name.trim(), key);
      if (typeof added === "string") form.set("failed", added);
      else onEnrolled(added);
    },
  });
  return (
    <FormFrame
      hasHint={false}
      form={form}
      label={t("passkey.title")}
      submitLabel={t("passkey.submit")}
      onCancel={onCancel}
    >
      <p className="hf-text">{t("passkey.lead")}</p>
      {form.values.failed && <Notice tone="caution">{t(`passkey.${form.values.failed}`)}</Notice>}
      <TextField
        form={form}
        name="name"
        label={t("passkey.name")}
        help={t("passkey.nameHelp")}
        maxLength={80}
        autoFocus
      />
    </FormFrame>
  );
}

function thisDevice(): string {
  const { browser, system } = deviceOf(navigator.userAgent);
  return browser && system ? t("account.sessions.on", { browser, system }) : (system ?? "");
}
