import { Button, Modal, PasswordInput, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { answerSignInAgain } from "@/api/session";
import { t } from "@/i18n";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { meQuery, signIn } from "./queries";

/** Lies over whatever was open when the session ended; what was typed there stays as it is. */
export default function SignInAgain() {
  const client = useQueryClient();
  const me = client.getQueryData(meQuery.queryKey);
  const [password, setPassword] = useState("");
  const [error, setError] = useState<unknown>(null);
  const [isSending, setSending] = useState(false);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (isSending || !me) return;
    setSending(true);
    setError(null);
    try {
      await signIn(me.email, password);
      answerSignInAgain(true);
    } catch (cause) {
      setError(cause);
    } finally {
      setSending(false);
    }
  };
  const leave = () => {
    answerSignInAgain(false);
    window.location.assign("/sign-in");
  };

  return (
    <Modal
      opened
      onClose={() => undefined}
      withCloseButton={false}
      closeOnEscape={false}
      closeOnClickOutside={false}
      title={t("again.title")}
      zIndex={1000}
    >
      <form onSubmit={(event) => void submit(event)} noValidate>
        <Text mb="sm">{t("again.body", { email: me?.email ?? "" })}</Text>
        <input
          type="email"
          name="email"
          autoComplete="username"
          value={me?.email ?? ""}
          readOnly
          hidden
        />
        <PasswordInput
          label={t("signin.password")}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="current-password"
          data-autofocus
          mb="md"
          visibilityToggleButtonProps={{ "aria-label": t("field.showSecret") }}
        />
        {error !== null && <ProblemAlert error={error} />}
        <div style={{ display: "flex", gap: 8, marginTop: 16, flexWrap: "wrap" }}>
          <Button type="submit" loading={isSending}>
            {t("again.submit")}
          </Button>
          <Button variant="default" onClick={leave}>
            {t("again.leave")}
          </Button>
        </div>
      </form>
    </Modal>
  );
}
