import { Button } from "@mantine/core";
import { lazy, Suspense } from "react";
import { newKey } from "@/api/client";
import type { SetupState } from "@/api/types";
import { t } from "@/i18n";
import { CopyText } from "@/ui/CopyText";
import { FormFrame, TextField, useForm } from "@/ui/form";
import classes from "../identity/auth.module.css";

const QrCode = lazy(() => import("../trust/QrCode"));

interface Props {
  readonly state: SetupState;
  readonly name: string;
  readonly onBack: () => void;
  readonly onDone: (name: string) => void;
}

export function BoxStep({ state, name, onBack, onDone }: Props) {
  const form = useForm({
    initial: { name },
    newKey,
    validate: (values) => ({ box_name: values.name.trim() ? null : t("form.needed") }),
    send: async (values) => onDone(values.name.trim()),
  });
  return (
    <>
      <h1 className={classes.title}>{t("setup.box.title")}</h1>
      <p className={classes.lead}>{t("setup.box.lead")}</p>
      <FormFrame
        hasHint={false}
        form={form}
        label={t("setup.box.title")}
        submitLabel={t("setup.continue")}
        extra={
          <Button variant="default" onClick={onBack}>
            {t("ui.back")}
          </Button>
        }
      >
        <TextField
          form={form}
          name="name"
          path="box_name"
          label={t("setup.box.name")}
          help={
            state.names.length > 0
              ? t("setup.box.names", { names: state.names.join(", ") })
              : undefined
          }
          autoFocus
          maxLength={80}
        />
        {(state.fingerprint || state.trust_url) && (
          <Trust fingerprint={state.fingerprint ?? null} url={state.trust_url ?? null} />
        )}
      </FormFrame>
    </>
  );
}

function Trust({
  fingerprint,
  url,
}: {
  readonly fingerprint: string | null;
  readonly url: string | null;
}) {
  return (
    <section aria-label={t("setup.box.trust")}>
      <h2 style={{ fontSize: "0.875rem", margin: "4px 0" }}>{t("setup.box.trust")}</h2>
      <div className={classes.trust}>
        <div style={{ display: "grid", gap: 10, minWidth: 0 }}>
          <p className="hf-dim" style={{ margin: 0 }}>
            {t("setup.box.trustLead")}
          </p>
          {url && (
            <a href={url} target="_blank" rel="noreferrer" className="hf-mono">
              {url}
            </a>
          )}
        </div>
        {url && (
          <Suspense fallback={<div className={classes.qr} />}>
            <QrCode text={url} label={t("setup.box.qr", { url })} className={classes.qr} />
          </Suspense>
        )}
      </div>
      {fingerprint && (
        <div style={{ marginTop: 12 }}>
          <div className="hf-dim" style={{ fontSize: "0.75rem", marginBottom: 4 }}>
            {t("setup.box.fingerprint")}
          </div>
          <CopyText text={fingerprint} label={t("setup.box.fingerprint")} />
        </div>
      )}
    </section>
  );
}
