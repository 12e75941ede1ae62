import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect } from "react";
import { newKey } from "@/api/client";
import { t } from "@/i18n";
import { CopyText } from "@/ui/CopyText";
import { FormFrame, TextField, useForm } from "@/ui/form";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { wasCancelled } from "@/ui/refusal";
import { SkeletonLines } from "@/ui/Skeleton";
import { confirmTotp, totpQuery } from "./queries";
import classes from "./factors.module.css";

const QrCode = lazy(() => import("../../trust/QrCode"));

interface Props {
  readonly onEnrolled: (codes: readonly string[]) => void;
  readonly onCancel: () => void;
}

/** A secret for an app on the phone; it counts once a code proves that the app has it. */
export function TotpSetup({ onEnrolled, onCancel }: Props) {
  const made = useQuery(totpQuery);
  const isOff = wasCancelled(made.error);
  useEffect(() => {
    if (isOff) onCancel();
  }, [isOff, onCancel]);
  if (made.error) return <ProblemAlert error={made.error} onRetry={() => void made.refetch()} />;
  if (!made.data) return <SkeletonLines count={5} />;
  return (
    <ConfirmForm
      secret={made.data.secret}
      uri={made.data.uri}
      onEnrolled={onEnrolled}
      onCancel={onCancel}
    />
  );
}

function ConfirmForm({
  secret,
  uri,
  onEnrolled,
  onCancel,
}: Props & { readonly secret: string; readonly uri: string }) {
  const form = useForm({
    initial: { code: "" },
    newKey,
    validate: (values) => ({ code: values.code.trim() ? null : t("form.needed") }),
    send: async ({ code }) => onEnrolled(await confirmTotp(code.trim())),
  });
  return (
    <FormFrame
      hasHint={false}
      form={form}
      label={t("totp.title")}
      submitLabel={t("totp.submit")}
      onCancel={onCancel}
    >
      <div className={classes.enrol}>
        <div className="hf-stack">
          <ol className={classes.steps}>
            <li>{t("totp.step1")}</li>
            <li>{t("totp.step2")}</li>
            <li>{t("totp.step3")}</li>
          </ol>
          <div>
            <p className="hf-small">{t("totp.secretLead")}</p>
            <CopyText text={secret} shown={grouped(secret)} label={t("totp.secret")} />
          </div>
          <p className="hf-small">
            <a href={uri}>{t("totp.here")}</a>
          </p>
        </div>
        <Suspense fallback={<div className={classes.qr} />}>
          <QrCode text={uri} label={t("totp.qr")} className={classes.qr} />
        </Suspense>
      </div>
      <TextField
        form={form}
        name="code"
        label={t("second.code.totp")}
        help={t("totp.codeHelp")}
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={40}
        autoFocus
      />
    </FormFrame>
  );
}

/** In fours, to be typed from the screen. */
export function grouped(secret: string): string {
  return (secret.replace(/\s/g, "").match(/.{1,4}/g) ?? []).join(" ");
}
