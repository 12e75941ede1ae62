import { Button, Modal } from "@mantine/core";
import { t } from "@/i18n";
import { CopyText } from "@/ui/CopyText";
import { Notice } from "@/ui/Notice";
import classes from "./services.module.css";

interface Props {
  readonly name: string;
  /** What the program calls itself. */
  readonly id: string;
  readonly secret: string;
  readonly onClose: () => void;
}

/** The secret, shown once, and how a program uses it. */
export function SecretDialog({ name, id, secret, onClose }: Props) {
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      closeOnClickOutside={false}
      title={t("service.secretTitle", { name })}
      closeButtonProps={{ "aria-label": t("ui.close") }}
    >
      <div className={classes.stack}>
        <Notice tone="caution">{t("service.secretOnce")}</Notice>
        <div>
          <p className={classes.label}>{t("service.clientId")}</p>
          <CopyText text={id} label={t("service.clientId")} />
        </div>
        <div>
          <p className={classes.label}>{t("service.secret")}</p>
          <CopyText text={secret} label={t("service.secret")} />
        </div>
        <div>
          <p className={classes.label}>{t("service.use")}</p>
          <pre className={classes.sample} tabIndex={0}>
            <code className="hf-mono" translate="no">
              {`curl ${window.location.origin}/api/v1/auth/token \\
  -d grant_type=client_credentials \\
  -d client_id=${id} \\
  -d client_secret=…`}
            </code>
          </pre>
        </div>
        <div>
          <Button onClick={onClose}>{t("account.tokens.doneCopying")}</Button>
        </div>
      </div>
    </Modal>
  );
}
