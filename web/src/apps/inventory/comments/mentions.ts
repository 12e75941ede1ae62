/** Somebody in a comment, as the box names them. */
export interface Person {
  readonly id: string;
  readonly name: string;
}

/** Somebody chosen while writing: in the box stands `@label`, kept is the id. */
export interface Chosen {
  readonly id: string;
  readonly label: string;
}

/** Characters after an @ that may still become a name. */
const TYPED_MAX = 40;
const TOKEN = /@\{([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}/g;
const IN_WORD = /[\p{L}\p{N}_]/u;

/** The @ that somebody is typing a name after, and the name so far; none where there is none. */
export function typedMention(
  text: string,
  caret: number,
  chosen: readonly Chosen[],
): { readonly at: number; readonly typed: string } | null {
  const at = text.lastIndexOf("@", caret - 1);
  if (at < 0 || caret <= at) return null;
  const before = text[at - 1];
  if (before !== undefined && IN_WORD.test(before)) return null;
  const typed = text.slice(at + 1, caret);
  if (typed.length > TYPED_MAX || /^\s|[\n{}]/.test(typed)) return null;
  // Behind a name that was chosen an ordinary sentence goes on.
  if (chosen.some((one) => typed.startsWith(one.label))) return null;
  return { at, typed };
}

/** Puts somebody in the place of what was typed of their name. */
export function choose(
  text: string,
  place: { readonly at: number; readonly typed: string },
  person: Person,
  chosen: readonly Chosen[],
): { readonly text: string; readonly caret: number; readonly chosen: readonly Chosen[] } {
  const known = chosen.find((one) => one.id === person.id);
  const one = known ?? { id: person.id, label: freeLabel(person.name, chosen) };
  const end = place.at + 1 + place.typed.length;
  const behind = text.slice(end).replace(/^ /, "");
  const before = `${text.slice(0, place.at)}@${one.label} `;
  return {
    text: before + behind,
    caret: before.length,
    chosen: known ? chosen : [...chosen, one],
  };
}

/** Two people of one name are told apart by a number. */
function freeLabel(name: string, chosen: readonly Chosen[]): string {
  const isTaken = (label: string) => chosen.some((one) => one.label === label);
  if (!isTaken(name)) return name;
  let number = 2;
  while (isTaken(`${name} (${number})`)) number += 1;
  return `${name} (${number})`;
}

/** What is kept of what somebody wrote: ids in the place of names. */
export function encoded(text: string, chosen: readonly Chosen[]): string {
  // The longest first: one name may begin another.
  const labels = [...chosen].sort((one, other) => other.label.length - one.label.length);
  let kept = "";
  let at = 0;
  while (at < text.length) {
    const found = text[at] === "@" ? labels.find((one) => stands(text, at, one.label)) : undefined;
    if (found) {
      kept += `@{${found.id}}`;
      at += 1 + found.label.length;
    } else {
      kept += text[at];
      at += 1;
    }
  }
  return kept;
}

function stands(text: string, at: number, label: string): boolean {
  const end = at + 1 + label.length;
  const after = text[end];
  const isWhole = after === undefined || !IN_WORD.test(after);
  return isWhole && text.slice(at + 1, end) === label;
}

/** What somebody finds in the box who changes a comment: names in the place of ids. */
export function decoded(
  text: string,
  mentions: readonly Person[],
): { readonly text: string; readonly chosen: readonly Chosen[] } {
  let chosen: readonly Chosen[] = [];
  for (const person of mentions) {
    chosen = [...chosen, { id: person.id, label: freeLabel(person.name || "?", chosen) }];
  }
  const label = (id: string) => chosen.find((one) => one.id === id)?.label;
  const written = text.replace(TOKEN, (token, id: string) => {
    const name = label(id);
    return name === undefined ? token : `@${name}`;
  });
  return { text: written, chosen };
}

/** A stretch of a comment: words, or somebody. */
export type Part = { readonly words: string } | { readonly person: Person };

/** A comment in the order in which it is read. */
export function partsOf(text: string, mentions: readonly Person[]): readonly Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const token of text.matchAll(TOKEN)) {
    const person = mentions.find((one) => one.id === token[1]);
    if (!person) continue;
    if (token.index > at) parts.push({ words: text.slice(at, token.index) });
    parts.push({ person });
    at = token.index + token[0].length;
  }
  if (at < text.length) parts.push({ words: text.slice(at) });
  return parts;
}

/** How many characters the box counts in what it is sent. */
export function lengthOf(sent: string): number {
  return [...sent.trim().normalize("NFC")].length;
}
