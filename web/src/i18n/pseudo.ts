import type { Catalogue, Message } from "./catalogue";

const ACCENTS: Readonly<Record<string, string>> = {
  a: "å",
  b: "ƀ",
  c: "ç",
  d: "đ",
  e: "é",
  f: "ƒ",
  g: "ĝ",
  h: "ĥ",
  i: "î",
  j: "ĵ",
  k: "ķ",
  l: "ļ",
  m: "ɱ",
  n: "ñ",
  o: "ö",
  p: "þ",
  q: "ǫ",
  r: "ŕ",
  s: "š",
  t: "ţ",
  u: "û",
  v: "ṽ",
  w: "ŵ",
  x: "ẋ",
  y: "ý",
  z: "ž",
  A: "Å",
  B: "Ɓ",
  C: "Ç",
  D: "Đ",
  E: "É",
  F: "Ƒ",
  G: "Ĝ",
  H: "Ĥ",
  I: "Î",
  L: "Ļ",
  M: "Ṁ",
  N: "Ñ",
  O: "Ö",
  P: "Þ",
  R: "Ŕ",
  S: "Š",
  T: "Ţ",
  U: "Û",
  W: "Ŵ",
  Y: "Ý",
};

/** Turns every message into accented text a third longer; placeholders stay. */
export function pseudo(source: Partial<Catalogue>): Partial<Catalogue> {
  const entries = Object.entries(source).map(([key, message]) => [key, stretch(message)]);
  return Object.fromEntries(entries) as Partial<Catalogue>;
}

function stretch(message: Message): Message {
  if (typeof message === "string") return text(message);
  return { one: text(message.one), other: text(message.other) };
}

function text(plain: string): string {
  const accented = plain
    .split(/(\{\w+\})/g)
    .map((part) =>
      part.startsWith("{") ? part : [...part].map((letter) => ACCENTS[letter] ?? letter).join(""),
    )
    .join("");
  const padding = "·".repeat(Math.ceil(plain.length / 3));
  return `[${accented}${padding}]`;
}
