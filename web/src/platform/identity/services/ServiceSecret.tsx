import { t } from "@/i18n";
import { SecretDialog, SecretLine, SecretUse } from "@/ui/SecretDialog";

interface Props {
  readonly name: string;
  /** What the program calls itself. */
  readonly id: string;
  readonly secret: string;
  readonly onClose: () => void;
}

/** The secret of a program, and how it uses that. */
export function ServiceSecret({ name, id, secret, onClose }: Props) {
  return (
    <SecretDialog
      title={t("service.secretTitle", { name })}
      warning={t("service.secretOnce")}
      onClose={onClose}
    >
      <SecretLine label={t("service.clientId")} text={id} />
      <SecretLine label={t("service.secret")} text={secret} />
      <SecretUse
        label={t("service.use")}
        code={`curl ${window.location.origin}/api/v1/auth/token \\
  -d grant_type=client_credentials \\
  -d client_id=${id} \\
  -d client_secret=…`}
      />
    </SecretDialog>
  );
}
