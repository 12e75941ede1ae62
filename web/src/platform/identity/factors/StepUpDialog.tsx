import { Modal } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import type { FocusEvent, KeyboardEvent } from "react";
import { newKey } from "@/api/client";
import { stepUp } from "@/api/stepUp";
import { t } from "@/i18n";
import { FormFrame, SecretField, useForm } from "@/ui/form";
import { meQuery } from "../queries";
import { elevate } from "./queries";
import classes from "../auth.module.css";

const cancel = () => stepUp.answer(false);

/** Lies over the form whose request waits; what was typed there stays as it is. */
export default function StepUpDialog() {
  const client = useQueryClient();
  const done = (until: string) => {
    client.setQueryData(meQuery.queryKey, (me) => me && { ...me, elevated_until: until });
    stepUp.answer(true);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape") cancel();
  };
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
      <div className={classes.stack}>
        <p className={classes.text}>{t("stepUp.lead")}</p>
        <ByPassword onDone={done} />
      </div>
    </Modal>
  );
}

/** The dialog below would take Escape for its own. */
function keepEscape(event: FocusEvent<HTMLElement>): void {
  event.target.setAttribute("data-mantine-stop-propagation", "true");
}

function ByPassword({ onDone }: { readonly onDone: (until: string) => void }) {
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
