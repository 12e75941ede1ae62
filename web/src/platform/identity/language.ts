import { LANGUAGES, PSEUDO_LANGUAGE } from "@/i18n";
import { readStored, writeStored } from "@/theme/appearance";

const KEY = "holdfast.language";

/** `?language=en-XA` shows every screen in the test language; the choice stays in this browser. */
export function firstLanguage(): string {
  const asked = new URLSearchParams(window.location.search).get("language");
  const known: readonly string[] = [...LANGUAGES, PSEUDO_LANGUAGE];
  if (asked && known.includes(asked)) {
    rememberLanguage(asked);
    return asked;
  }
  const stored = readStored(KEY);
  return stored && known.includes(stored) ? stored : "en";
}

export function rememberLanguage(language: string): void {
  writeStored(KEY, language);
}
