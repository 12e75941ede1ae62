import { IconHome, IconKey, IconUserCheck } from "@tabler/icons-react";
import { newKey } from "@/api/client";
import { t } from "@/i18n";
import { CopyText } from "@/ui/CopyText";
import { FormFrame, TextField, useForm } from "@/ui/form";
import { Notice } from "@/ui/Notice";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { bareToken } from "../identity/linkToken";
import { checkToken } from "./queries";
import classes from "../identity/auth.module.css";

const ASIDE = "mv /var/lib/holdfast /var/lib/holdfast.empty";
const RECOVER = "holdfast recover --from /mnt/backup --kit kit.txt --data /var/lib/holdfast";

interface Props {
  readonly token: string;
  readonly refused: unknown;
  readonly onDone: (token: string) => void;
}

export function WelcomeStep({ token, refused, onDone }: Props) {
  const form = useForm({
    initial: { token },
    newKey,
    validate: (values) => ({ token: bareToken(values.token) ? null : t("form.needed") }),
    send: async (values) => {
      const wanted = bareToken(values.token);
      await checkToken(wanted);
      onDone(wanted);
    },
  });
  const failed = form.refusal !== null || refused !== null;
  return (
    <>
      <h1 className={classes.title}>{t("setup.welcome.title")}</h1>
      <p className={classes.lead}>{t("setup.welcome.lead")}</p>
      <ul className={classes.points}>
        <li>
          <IconHome size={18} aria-hidden />
          {t("setup.welcome.data")}
        </li>
        <li>
          <IconUserCheck size={18} aria-hidden />
          {t("setup.welcome.operator")}
        </li>
        <li>
          <IconKey size={18} aria-hidden />
          {t("setup.welcome.link")}
        </li>
      </ul>
      <FormFrame
        hasHint={false}
        form={form}
        label={t("setup.welcome.title")}
        submitLabel={t("setup.begin")}
      >
        {refused !== null && form.refusal === null && <ProblemAlert error={refused} />}
        {failed && <Notice tone="info">{t("setup.token.renew")}</Notice>}
        {token === "" && !failed && <Notice tone="caution">{t("setup.token.missing")}</Notice>}
        {(token === "" || failed) && (
          <TextField
            form={form}
            name="token"
            label={t("setup.token.label")}
            help={t("setup.token.help")}
            autoFocus
          />
        )}
      </FormFrame>
      <RestoreInstead />
    </>
  );
}

/** Nobody owns the box yet, so no key is typed in here: a backup is restored on the machine. */
function RestoreInstead() {
  return (
    <details className={classes.instead}>
      <summary>{t("setup.restore")}</summary>
      <p>{t("setup.restoreLead")}</p>
      <ol>
        <li>
          {t("setup.restoreStop")}
          <CopyText text={ASIDE} label={t("setup.restoreStop")} />
        </li>
        <li>
          {t("setup.restoreRun")}
          <CopyText text={RECOVER} label={t("setup.restoreRun")} />
        </li>
        <li>{t("setup.restoreStart")}</li>
      </ol>
      <p className="hf-dim">{t("setup.restoreWhy")}</p>
    </details>
  );
}
