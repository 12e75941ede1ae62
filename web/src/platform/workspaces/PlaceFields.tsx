import { useMemo } from "react";
import { Formatter, t } from "@/i18n";
import { ChoiceField, FieldRow, type Form } from "@/ui/form";
import { currencies, guessCurrency, guessLocale, guessZone, locales, zones } from "../setup/places";
import { firstDayOf, weekDays } from "./week";
import classes from "./workspaces.module.css";

interface PlaceValues {
  readonly time_zone: string;
  readonly currency: string;
  readonly locale: string;
  /** 1 is Monday. */
  readonly week_start: string;
}

/** What is asked when a workspace is made and when it is changed. */
export interface WorkspaceValues extends PlaceValues {
  readonly name: string;
  readonly apps: readonly string[];
  readonly load_sample_data: boolean;
}

/** What the browser knows of the place it is in. */
export function guessPlace(): PlaceValues {
  const locale = guessLocale();
  return {
    time_zone: guessZone(),
    currency: guessCurrency(),
    locale,
    week_start: String(firstDayOf(locale)),
  };
}

const SAMPLE_AT = "2026-03-31T14:05:00Z";
const SAMPLE_AMOUNT = "1234.50";

/** Zone, currency, numbers and the first day of the week, with how they will look. */
export function PlaceFields({
  form,
  currencyHelp,
}: {
  readonly form: Form<WorkspaceValues>;
  readonly currencyHelp?: string;
}) {
  const { time_zone, currency, locale, week_start } = form.values;
  const choices = useMemo(
    () => ({
      zones: withOwn(zones(), time_zone),
      currencies: currencies(currency),
      locales: locales(locale),
      days: weekDays(),
    }),
    [time_zone, currency, locale],
  );
  const look = useMemo(
    () => new Formatter({ locale, currency, timeZone: time_zone }),
    [locale, currency, time_zone],
  );
  const day = choices.days.find((one) => one.value === week_start)?.label ?? "";
  return (
    <>
      <FieldRow>
        <ChoiceField
          form={form}
          name="currency"
          label={t("workspace.currency")}
          data={choices.currencies}
          isInBrowsersWords
          searchable
          {...(currencyHelp ? { help: currencyHelp } : {})}
        />
        <ChoiceField
          form={form}
          name="time_zone"
          label={t("workspace.zone")}
          data={choices.zones}
          isInBrowsersWords
          searchable
        />
      </FieldRow>
      <FieldRow>
        <ChoiceField
          form={form}
          name="locale"
          label={t("workspace.locale")}
          data={choices.locales}
          isInBrowsersWords
          searchable
        />
        <ChoiceField
          form={form}
          name="week_start"
          label={t("workspace.weekStart")}
          data={choices.days}
        />
      </FieldRow>
      <p className={classes.look}>
        {t("workspace.look")} <bdi className="hf-number">{look.money(SAMPLE_AMOUNT)}</bdi>
        {" · "}
        <bdi className="hf-number">{look.dateTime(SAMPLE_AT)}</bdi>
        {" · "}
        {t("workspace.lookWeek", { day })}
      </p>
    </>
  );
}

function withOwn(known: readonly string[], own: string): string[] {
  return [...new Set([own, ...known])];
}
