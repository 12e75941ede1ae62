/** What a kit says of its box. */
export interface BoxFacts {
  readonly box_id: string;
  readonly box_name: string;
  /** Ed25519, base64. */
  readonly signing_key: string;
}

export interface Keys {
  /** The private half: `AGE-SECRET-KEY-1…`. It never leaves the page but to paper and files. */
  readonly identity: string;
  /** The public half: `age1…`. */
  readonly recipient: string;
}

/** What was read from a file or from paper. */
export interface ReadKit {
  readonly identity: string;
  /** Empty where only the key was typed in. */
  readonly boxId: string;
  readonly boxName: string;
}

const KEY = /AGE-SECRET-KEY-1[A-Z0-9]{20,}/;
export const RECOVER = "holdfast recover --from BACKUPS --kit THIS_FILE --data FOLDER";
export const WITHOUT_HOLDFAST = "sh restore.sh BASE_FOLDER THIS_FILE NEW_FOLDER";
const HEAD = `# Holdfast recovery kit. Who has this file can read every backup of the box.
# Keep it on paper or on a stick, away from the box. Without it no backup can be opened.
# To bring the box back: ${RECOVER}
# Without Holdfast: ${WITHOUT_HOLDFAST} (beside the backups)
`;

/** The library is needed on two dialogs only, so it comes when one of them works. */
function age() {
  return import("age-encryption");
}

/** A new key, made in the browser. */
export async function makeKeys(): Promise<Keys> {
  const { generateX25519Identity, identityToRecipient } = await age();
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

/** The file, as `holdfast backup kit create` writes it: age takes it as it is. */
export function kitText(box: BoxFacts, keys: Keys, createdAt: string): string {
  const name = box.box_name.replace(/\p{Cc}/gu, "");
  const lines = [
    `# name: ${name}`,
    `# box: ${box.box_id}`,
    `# signing-key: ${box.signing_key}`,
    `# created: ${createdAt}`,
    `# public key: ${keys.recipient}`,
    keys.identity,
  ];
  return `${HEAD}${lines.join("\n")}\n`;
}

/** A name for the file that tells boxes apart and that every disk takes. */
export function kitFileName(boxName: string): string {
  const plain = boxName
    .normalize("NFKD")
    .replace(/[^a-z0-9]+/gi, "-")
    .replace(/^-+|-+$/g, "")
    .toLowerCase();
  return `holdfast-kit${plain ? `-${plain}` : ""}.txt`;
}

/** Reads a kit, also one that was typed in; null when there is no key in it. */
export function readKit(text: string): ReadKit | null {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const identity = lines.map((line) => KEY.exec(line)?.[0]).find(Boolean);
  if (!identity) return null;
  return { identity, boxId: comment(lines, "box"), boxName: comment(lines, "name") };
}

function comment(lines: readonly string[], what: string): string {
  const start = new RegExp(`^#\\s*${what}\\s*:`);
  const line = lines.find((one) => start.test(one));
  return line ? line.replace(start, "").trim() : "";
}

/** The public half of a key; null when the key is damaged. */
export async function recipientOf(identity: string): Promise<string | null> {
  const { identityToRecipient } = await age();
  try {
    return await identityToRecipient(identity);
  } catch {
    return null;
  }
}

/** What a challenge holds, both in base64; null when the key does not open it. */
export async function openChallenge(identity: string, challenge: string): Promise<string | null> {
  const { Decrypter } = await age();
  try {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    return toBase64(await decrypter.decrypt(fromBase64(challenge)));
  } catch {
    return null;
  }
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
