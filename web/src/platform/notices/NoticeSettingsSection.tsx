import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { newKey } from "@/api/client";
import type { NoticeSettings } from "@/api/types";
import { t } from "@/i18n";
import { CardsField, ChecksField, FormFrame, TextField, useForm } from "@/ui/form";
import { Loaded } from "@/ui/Loaded";
import { Section } from "@/ui/Page";
import { toastDone } from "@/ui/toast";
import { changeSettings, settingsQuery } from "./queries";
import classes from "./notices.module.css";

const WAYS = ["off", "each", "digest"] as const;

/** What of the bell also comes by mail, and when. */
export function NoticeSettingsSection() {
  const settings = useQuery(settingsQuery);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (window.location.hash === "#notices") place.current?.scrollIntoView();
  }, []);
  return (
    <div ref={place} id="notices">
      <Section title={t("bell.mail")}>
        <p className={classes.lead}>{t("bell.mailLead")}</p>
        <Loaded query={settings} lines={4}>
          {(data) => <SettingsForm settings={data} />}
        </Loaded>
      </Section>
    </div>
  );
}

interface Values {
  readonly email: NoticeSettings["email"];
  readonly digest_at: string;
  readonly kinds: readonly string[];
}

function SettingsForm({ settings }: { readonly settings: NoticeSettings }) {
  const client = useQueryClient();
  const form = useForm<Values>({
    initial: valuesOf(settings),
    newKey,
    send: async (values) => {
      const saved = await changeSettings({
        email: values.email,
        digest_at: values.digest_at.trim(),
        kinds: Object.fromEntries(
          Object.keys(settings.kinds).map((kind) => [kind, values.kinds.includes(kind)]),
        ),
      });
      client.setQueryData(settingsQuery.queryKey, saved);
      form.reset(valuesOf(saved));
      toastDone(t("bell.saved"));
    },
  });
  return (
    <FormFrame
      hasHint={false}
      form={form}
      label={t("bell.mail")}
      submitLabel={t("bell.save")}
      isBlocked={!form.isDirty}
    >
      <CardsField
        form={form}
        name="email"
        label={t("bell.way")}
        options={WAYS.map((way) => ({
          value: way,
          label: t(`bell.way.${way}`),
          text: t(`bell.way.${way}Text`),
        }))}
      />
      {form.values.email === "digest" && (
        <TextField
          form={form}
          name="digest_at"
          label={t("bell.digestAt")}
          help={t("bell.digestHelp")}
          maxLength={5}
        />
      )}
      {form.values.email !== "off" && (
        <ChecksField
          form={form}
          name="kinds"
          label={t("bell.kinds")}
          options={Object.keys(settings.kinds).map((kind) => ({
            value: kind,
            label: <Kind settings={settings} kind={kind} />,
          }))}
        />
      )}
    </FormFrame>
  );
}

/** The box names the kinds in the person's language. */
function Kind({ settings, kind }: { readonly settings: NoticeSettings; readonly kind: string }) {
  return (
    <>
      <span translate="no">{settings.titles[kind] ?? kind}</span>
      {settings.urgent.includes(kind) && <span className="hf-dim"> {t("bell.atOnce")}</span>}
    </>
  );
}

function valuesOf(settings: NoticeSettings): Values {
  const { email, digest_at, kinds } = settings;
  return { email, digest_at, kinds: Object.keys(kinds).filter((kind) => kinds[kind]) };
}
