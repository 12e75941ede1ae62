import { SegmentedControl, Select, useMantineColorScheme } from "@mantine/core";
import { useState, type ReactNode } from "react";
import { LANGUAGES, loadLanguage, PSEUDO_LANGUAGE, currentLanguage, t } from "@/i18n";
import {
  applyDensity,
  storedDensity,
  storeScheme,
  type Density,
  type SchemeChoice,
} from "@/theme/appearance";
import { Section } from "@/ui/Page";
import { toastFailed } from "@/ui/toast";
import { rememberLanguage } from "./language";
import { useMe, useUpdateMe } from "./queries";
import classes from "./account.module.css";

export function AppearanceSection() {
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
  const isTesting = currentLanguage() === PSEUDO_LANGUAGE || import.meta.env.DEV;
  const languages = [...LANGUAGES, ...(isTesting ? ([PSEUDO_LANGUAGE] as const) : [])];
  return (
    <Section title={t("account.appearance")}>
      <div className="hf-stack">
        <Labelled text={t("account.theme")}>
          <SegmentedControl
            className={classes.choice}
            aria-label={t("account.theme")}
            value={me.theme}
            onChange={(value) => chooseTheme(value)}
            data={(["system", "light", "dark"] as const).map((value) => ({
              value,
              label: t(`account.theme.${value}`),
            }))}
          />
        </Labelled>
        <Labelled text={t("account.density")}>
          <SegmentedControl
            className={classes.choice}
            aria-label={t("account.density")}
            value={density}
            onChange={(value) => chooseDensity(value)}
            data={(["comfortable", "compact"] as const).map((value) => ({
              value,
              label: t(`account.density.${value}`),
            }))}
          />
        </Labelled>
        <Select
          label={t("account.language")}
          w={280}
          maw="100%"
          value={currentLanguage()}
          onChange={(value) => void chooseLanguage(value).catch(toastFailed)}
          allowDeselect={false}
          data={languages.map((value) => ({ value, label: t(`account.language.${value}`) }))}
        />
      </div>
    </Section>
  );
}

function Labelled({ text, children }: { readonly text: string; readonly children: ReactNode }) {
  return (
    <div>
      <div className={classes.label}>{text}</div>
      {children}
    </div>
  );
}
