/** What the browser knows of the place it is in, as first answers of the set-up. */
const CURRENCIES = [
  "EUR",
  "USD",
  "GBP",
  "CHF",
  "SEK",
  "NOK",
  "DKK",
  "PLN",
  "CZK",
  "CAD",
  "AUD",
  "NZD",
  "JPY",
  "INR",
  "ZAR",
  "BRL",
  "MXN",
  "ILS",
  "AED",
  "TRY",
];
const LOCALES = [
  "en-GB",
  "en-US",
  "de-DE",
  "de-CH",
  "fr-FR",
  "es-ES",
  "it-IT",
  "nl-NL",
  "sv-SE",
  "da-DK",
  "nb-NO",
  "fi-FI",
  "pl-PL",
  "cs-CZ",
  "pt-PT",
  "pt-BR",
  "ja-JP",
  "he-IL",
];
const CURRENCY_OF_REGION: Readonly<Record<string, string>> = {
  US: "USD",
  GB: "GBP",
  CH: "CHF",
  SE: "SEK",
  NO: "NOK",
  DK: "DKK",
  PL: "PLN",
  CZ: "CZK",
  CA: "CAD",
  AU: "AUD",
  NZ: "NZD",
  JP: "JPY",
  IN: "INR",
  ZA: "ZAR",
  BR: "BRL",
  MX: "MXN",
  IL: "ILS",
  AE: "AED",
  TR: "TRY",
};

export function guessLocale(): string {
  return navigator.language || "en-GB";
}

export function guessCurrency(): string {
  const region = new Intl.Locale(guessLocale()).maximize().region ?? "";
  return CURRENCY_OF_REGION[region] ?? "EUR";
}

export function guessZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

export function zones(): string[] {
  return [...new Set([guessZone(), "UTC", ...Intl.supportedValuesOf("timeZone")])];
}

/** The usual choices; the one in force is among them. */
export function currencies(current: string = guessCurrency()): { value: string; label: string }[] {
  const names = new Intl.DisplayNames("en", { type: "currency" });
  return [...new Set([current, guessCurrency(), ...CURRENCIES])].map((code) => ({
    value: code,
    label: `${code} · ${names.of(code) ?? code}`,
  }));
}

export function locales(current: string = guessLocale()): { value: string; label: string }[] {
  return [...new Set([current, guessLocale(), ...LOCALES])].map((locale) => {
    const number = new Intl.NumberFormat(locale).format(1234.5);
    const date = new Intl.DateTimeFormat(locale, { dateStyle: "medium" }).format(
      new Date(Date.UTC(2026, 2, 31, 12)),
    );
    return { value: locale, label: `${locale} · ${number} · ${date}` };
  });
}
