import { Button, Modal } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { answerSignInAgain, leave } from "@/api/session";
import { t } from "@/i18n";
import { meQuery } from "./queries";
import { SignInForm } from "./SignInForm";

/** Lies over whatever was open when the session ended; what was typed there stays as it is. */
export default function SignInAgain() {
  const client = useQueryClient();
  const me = client.getQueryData(meQuery.queryKey);
  const giveUp = () => void leave(() => answerSignInAgain(false));
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
      <div className="hf-stack">
        <p className="hf-text">{t("again.body")}</p>
        <SignInForm
          isAgain
          email={me?.email ?? ""}
          submitLabel={t("again.submit")}
          onDone={() => answerSignInAgain(true)}
        />
        <div>
          <Button variant="default" onClick={giveUp}>
            {t("again.leave")}
          </Button>
        </div>
      </div>
    </Modal>
  );
}
