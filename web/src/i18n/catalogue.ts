import type { Messages } from "./en";

/** A message: plain text, or a singular and a plural chosen by `count`. */
export type Message = string | { readonly one: string; readonly other: string };
export type MessageKey = keyof Messages;
export type Catalogue = { readonly [K in MessageKey]: Message };

type Names<S extends string> = S extends `${string}{${infer Name}}${infer Rest}`
  ? Name | Names<Rest>
  : never;
type ParamNames<M> = M extends string
  ? Names<M>
  : M extends { readonly other: infer Other extends string }
    ? Names<Other> | "count"
    : never;
export type Args<K extends MessageKey, V> = [ParamNames<Messages[K]>] extends [never]
  ? []
  : [params: Readonly<Record<ParamNames<Messages[K]>, V>>];

/** Keys of texts without placeholders. */
export type PlainKey = {
  [K in MessageKey]: [ParamNames<Messages[K]>] extends [never] ? K : never;
}[MessageKey];

type Texts = Partial<Catalogue>;
let source: Texts = {};
/** Makes the language that is spoken of English. */
let turn = (texts: Texts): Texts => texts;
let messages: Texts = {};
let plurals = new Intl.PluralRules("en");
let integers = new Intl.NumberFormat("en");
let language = "en";

export const LANGUAGES = ["en"] as const;
/** Made from English by a machine; shows untranslated and clipped texts at a glance. */
export const PSEUDO_LANGUAGE = "en-XA";

/** Loads a language as a chunk of its own and makes it the one `t` speaks. */
export async function loadLanguage(wanted: string): Promise<void> {
  const { en } = await import("./en");
  source = { ...source, ...en };
  const isPseudo = wanted === PSEUDO_LANGUAGE;
  turn = isPseudo ? (await import("./pseudo")).pseudo : (texts) => texts;
  speak(isPseudo ? PSEUDO_LANGUAGE : "en");
}

/** Texts that are too many to come with the first screen. */
const PARTS = {
  audit: async (): Promise<Texts> => (await import("./en/audit")).audit,
  backups: async (): Promise<Texts> => (await import("./en/backups")).backups,
  comments: async (): Promise<Texts> => (await import("./en/comments")).comments,
  choosing: async (): Promise<Texts> => (await import("./en/choosing")).choosing,
  counts: async (): Promise<Texts> => (await import("./en/counts")).counts,
  delivery: async (): Promise<Texts> => (await import("./en/delivery")).delivery,
  doctor: async (): Promise<Texts> => (await import("./en/doctor")).doctor,
  filters: async (): Promise<Texts> => (await import("./en/filters")).filters,
  importing: async (): Promise<Texts> => (await import("./en/importing")).importing,
  merging: async (): Promise<Texts> => (await import("./en/merging")).merging,
  moving: async (): Promise<Texts> => (await import("./en/moving")).moving,
  orders: async (): Promise<Texts> => (await import("./en/orders")).orders,
  reports: async (): Promise<Texts> => (await import("./en/reports")).reports,
  review: async (): Promise<Texts> => (await import("./en/review")).review,
  services: async (): Promise<Texts> => (await import("./en/services")).services,
  updates: async (): Promise<Texts> => (await import("./en/updates")).updates,
};

/** Loads the texts of a screen that few open, together with the screen. */
export async function loadTexts(part: keyof typeof PARTS): Promise<void> {
  const texts = await PARTS[part]();
  // After the wait: another part may have come meanwhile.
  source = { ...source, ...texts };
  speak(language);
}

function speak(name: string): void {
  messages = turn(source);
  language = name;
  plurals = new Intl.PluralRules("en");
  integers = new Intl.NumberFormat("en");
  document.documentElement.lang = name === PSEUDO_LANGUAGE ? "en" : name;
}

export function currentLanguage(): string {
  return language;
}

type Params = Readonly<Record<string, string | number>>;

/** The text of a message, with `{name}` replaced. Numbers are grouped. */
export function t<K extends MessageKey>(key: K, ...args: Args<K, string | number>): string {
  return fill(key, args[0] as Params | undefined);
}

function fill(key: MessageKey, params: Params | undefined): string {
  return pattern(key, params).replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params?.[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? integers.format(value) : value;
  });
}

/** The message of a key made of data (a code, an audit action), or `fallback` without one. */
export function tDynamic(key: string, fallback: string, params?: Params): string {
  if (!Object.hasOwn(messages, key)) return fallback;
  return fill(key as MessageKey, params);
}

function pattern(key: MessageKey, params: Readonly<Record<string, unknown>> | undefined): string {
  const message = messages[key];
  if (message === undefined) return key;
  if (typeof message === "string") return message;
  const count = params?.["count"];
  return plurals.select(typeof count === "number" ? count : Number(count)) === "one"
    ? message.one
    : message.other;
}
