export {
  currentLanguage,
  LANGUAGES,
  loadLanguage,
  loadTexts,
  PSEUDO_LANGUAGE,
  t,
  tDynamic,
} from "./catalogue";
export type { MessageKey, PlainKey } from "./catalogue";
export { FormatProvider, useFormat } from "./FormatContext";
export { Formatter } from "./format";
