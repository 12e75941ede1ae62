import { Modal } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import type { FocusEvent, KeyboardEvent } from "react";
import { newKey } from "@/api/client";
import { stepUp, type FactorMethod } from "@/api/stepUp";
import { t } from "@/i18n";
import { FormFrame, SecretField, TextField, useForm } from "@/ui/form";
import { meQuery } from "../queries";
import { PasskeyButton } from "./PasskeyButton";
import { elevate, elevateByPasskey } from "./queries";
import { passkeysWork } from "./webauthn";

const cancel = () => stepUp.answer(false);

/** Lies over the form whose request waits; what was typed there stays as it is. */
export default function StepUpDialog({ methods }: { readonly methods: readonly FactorMethod[] }) {
  const client = useQueryClient();
  const done = (until: string) => {
    client.setQueryData(meQuery.queryKey, (me) => me && { ...me, elevated_until: until });
    stepUp.answer(true);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") cancel();
  };
  const hasPasskey = methods.includes("passkey") && passkeysWork();
  const hasCode = methods.includes("totp") || methods.includes("backup");
  return (
    <Modal
      opened
      onClose={cancel}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={t("stepUp.title")}
      closeButtonProps={{ "aria-label": t("ui.close") }}
      zIndex={900}
      onKeyDown={onKeyDown}
      onFocusCapture={keepEscape}
    >
      <div className="hf-stack">
        <p className="hf-text">{t("stepUp.lead")}</p>
        {hasPasskey && <ByPasskey isOnly={!hasCode} onDone={done} />}
        {hasCode && <ByCode onDone={done} />}
        {methods.includes("password") && <ByPassword onDone={done} />}
      </div>
    </Modal>
  );
}

/** The dialog below would take Escape for its own. */
function keepEscape(event: FocusEvent<HTMLElement>): void {
  event.target.setAttribute("data-mantine-stop-propagation", "true");
}

type OnDone = (until: string) => void;

function ByPasskey({ isOnly, onDone }: { readonly isOnly: boolean; readonly onDone: OnDone }) {
  const run = async () => {
    const until = await elevateByPasskey();
    if (until) onDone(until);
    return until !== null;
  };
  return (
    <PasskeyButton run={run} onDone={() => undefined} variant={isOnly ? "filled" : "default"} />
  );
}

function ByCode({ onDone }: { readonly onDone: OnDone }) {
  const form = useForm({
    initial: { code: "" },
    newKey,
    validate: (values) => ({ code: values.code.trim() ? null : t("form.needed") }),
    send: async ({ code }) => onDone(await elevate({ code: code.trim() })),
  });
  return (
    <FormFrame
      hasHint={false}
      form={form}
      label={t("stepUp.title")}
      submitLabel={t("stepUp.submit")}
      onCancel={cancel}
    >
      <TextField
        form={form}
        name="code"
        label={t("stepUp.code")}
        help={t("stepUp.codeHelp")}
        autoComplete="one-time-code"
        maxLength={40}
        autoFocus
      />
    </FormFrame>
  );
}

function ByPassword({ onDone }: { readonly onDone: OnDone }) {
  const form = useForm({
    initial: { password: "" },
    newKey,
    validate: (values) => ({ password: values.password ? null : t("form.needed") }),
    send: async ({ password }) => onDone(await elevate({ password })),
  });
  return (
    <FormFrame
      hasHint={false}
      form={form}
      label={t("stepUp.title")}
      submitLabel={t("stepUp.submit")}
      onCancel={cancel}
    >
      <SecretField
        form={form}
        name="password"
        label={t("signin.password")}
        autoComplete="current-password"
        autoFocus
      />
    </FormFrame>
  );
}
