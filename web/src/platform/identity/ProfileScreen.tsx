import { Button, SegmentedControl, Select, useMantineColorScheme } from "@mantine/core";
import { useState } from "react";
import { newKey } from "@/api/client";
import { LANGUAGES, loadLanguage, PSEUDO_LANGUAGE, currentLanguage, t } from "@/i18n";
import {
  applyDensity,
  storedDensity,
  storeScheme,
  type Density,
  type SchemeChoice,
} from "@/theme/appearance";
import { Page, Section } from "@/ui/Page";
import { FormFrame, LeaveGuard, SecretField, TextField, useForm } from "@/ui/form";
import { toastDone, toastFailed } from "@/ui/toast";
import { rememberLanguage } from "./language";
import { PasswordMeter } from "./PasswordMeter";
import { changePassword, signOut, useMe, useUpdateMe } from "./queries";
import { TokensSection } from "./TokensSection";

export function ProfileScreen() {
  return (
    <Page
      title={t("profile.title")}
      tabTitle={t("profile.title")}
      layout="form"
      actions={
        <Button variant="default" onClick={() => void signOut().catch(toastFailed)}>
          {t("profile.signOut")}
        </Button>
      }
    >
      <AboutSection />
      <AppearanceSection />
      <PasswordSection />
      <TokensSection />
    </Page>
  );
}

function AboutSection() {
  const me = useMe();
  const update = useUpdateMe();
  const form = useForm({
    initial: { name: me.name, email: me.email },
    newKey,
    validate: (values) => ({ name: values.name.trim() ? null : t("form.needed") }),
    send: async (values) => {
      await update.mutateAsync({ me, change: { name: values.name.trim() } });
      toastDone(t("profile.saved"));
    },
  });
  return (
    <Section title={t("profile.about")}>
      <LeaveGuard isDirty={form.isDirty} />
      <FormFrame
        hasHint={false}
        form={form}
        label={t("profile.about")}
        submitLabel={t("profile.save")}
      >
        <TextField
          form={form}
          name="name"
          label={t("profile.name")}
          autoComplete="name"
          maxLength={120}
        />
        <TextField form={form} name="email" label={t("profile.email")} type="email" disabled />
      </FormFrame>
    </Section>
  );
}

function AppearanceSection() {
  const me = useMe();
  const update = useUpdateMe();
  const { setColorScheme } = useMantineColorScheme();
  const [density, setDensity] = useState<Density>(storedDensity);

  const chooseTheme = (theme: SchemeChoice) => {
    storeScheme(theme);
    setColorScheme(theme === "system" ? "auto" : theme);
    update.mutate({ me, change: { theme } }, { onError: toastFailed });
  };
  const chooseDensity = (next: Density) => {
    applyDensity(next);
    setDensity(next);
  };
  const chooseLanguage = async (language: string | null) => {
    if (!language) return;
    rememberLanguage(language);
    await loadLanguage(language);
    if (language !== PSEUDO_LANGUAGE) await update.mutateAsync({ me, change: { language } });
    window.location.reload();
  };
  const languages = [
    ...LANGUAGES,
    ...(currentLanguage() === PSEUDO_LANGUAGE || import.meta.env.DEV
      ? ([PSEUDO_LANGUAGE] as const)
      : []),
  ];
  return (
    <Section title={t("profile.appearance")}>
      <div style={{ display: "grid", gap: 14 }}>
        <Labelled text={t("profile.theme")}>
          <SegmentedControl
            aria-label={t("profile.theme")}
            value={me.theme}
            onChange={(value) => chooseTheme(value)}
            data={(["system", "light", "dark"] as const).map((value) => ({
              value,
              label: t(`profile.theme.${value}`),
            }))}
          />
        </Labelled>
        <Labelled text={t("profile.density")}>
          <SegmentedControl
            aria-label={t("profile.density")}
            value={density}
            onChange={(value) => chooseDensity(value)}
            data={(["comfortable", "compact"] as const).map((value) => ({
              value,
              label: t(`profile.density.${value}`),
            }))}
          />
        </Labelled>
        <Select
          label={t("profile.language")}
          w={280}
          maw="100%"
          value={currentLanguage()}
          onChange={(value) => void chooseLanguage(value).catch(toastFailed)}
          allowDeselect={false}
          data={languages.map((value) => ({ value, label: t(`profile.language.${value}`) }))}
        />
      </div>
    </Section>
  );
}

function Labelled({
  text,
  children,
}: {
  readonly text: string;
  readonly children: React.ReactNode;
}) {
  return (
    <div>
      <div style={{ fontWeight: 500, marginBottom: 4 }}>{text}</div>
      {children}
    </div>
  );
}

function PasswordSection() {
  const me = useMe();
  const empty = { current: "", new: "" };
  const form = useForm({
    initial: empty,
    newKey,
    validate: (values) => ({
      current: values.current ? null : t("form.needed"),
      new: values.new.length >= 12 ? null : t("password.rule"),
    }),
    send: async (values) => {
      await changePassword(values.current, values.new);
      form.reset(empty);
      toastDone(t("profile.password.done"));
    },
  });
  return (
    <Section title={t("profile.password")}>
      <FormFrame
        hasHint={false}
        form={form}
        label={t("profile.password")}
        submitLabel={t("profile.password.submit")}
      >
        <input
          type="text"
          name="username"
          autoComplete="username"
          value={me.email}
          readOnly
          hidden
        />
        <SecretField
          form={form}
          name="current"
          label={t("profile.password.current")}
          autoComplete="current-password"
        />
        <SecretField
          form={form}
          name="new"
          label={t("profile.password.new")}
          autoComplete="new-password"
        />
        <PasswordMeter password={form.values.new} context={[me.name, me.email]} />
      </FormFrame>
    </Section>
  );
}
