import { Encrypter } from "age-encryption";
import { describe, expect, it } from "vitest";
import { kitFileName, kitText, makeKeys, openChallenge, readKit, recipientOf } from "./kit";

const BOX = {
  box_id: "0193c1d2-0000-7000-8000-00000000000a",
  box_name: "Harbour\u0007",
  signing_key: "MCowBQYDK2VwAyEA",
};

describe("a recovery kit", () => {
  it("is written as the command line writes it", () => {
    const keys = { identity: "AGE-SECRET-KEY-1QQQ", recipient: "age1qqq" };
    expect(kitText(BOX, keys, "2026-11-21T14:03:07.123Z")).toBe(
      `# Holdfast recovery kit. Who has this file can read every backup of the box.
# Keep it on paper or on a stick, away from the box. Without it no backup can be opened.
# To bring the box back: holdfast recover --from BACKUPS --kit THIS_FILE --data FOLDER
# Without Holdfast: sh restore.sh BASE_FOLDER THIS_FILE NEW_FOLDER (beside the backups)
# name: Harbour
# box: 0193c1d2-0000-7000-8000-00000000000a
# signing-key: MCowBQYDK2VwAyEA
# created: 2026-11-21T14:03:07.123Z
# public key: age1qqq
AGE-SECRET-KEY-1QQQ
`,
    );
  });

  it("is read from a file and from a line that was typed", async () => {
    const keys = await makeKeys();
    const file = kitText(BOX, keys, "2026-11-21T14:03:07Z").replaceAll("\n", "\r\n");
    expect(readKit(file)).toEqual({
      identity: keys.identity,
      boxId: BOX.box_id,
      boxName: "Harbour",
    });
    expect(readKit(`   ${keys.identity} `)?.identity).toBe(keys.identity);
    expect(await recipientOf(keys.identity)).toBe(keys.recipient);
  });

  it("is refused without a key, or with a damaged one", async () => {
    const { identity } = await makeKeys();
    expect(readKit("# box: 1\nage1qqq")).toBeNull();
    const last = identity.endsWith("Q") ? "P" : "Q";
    expect(await recipientOf(`${identity.slice(0, -1)}${last}`)).toBeNull();
  });

  it("opens what was encrypted to it, and nothing else", async () => {
    const [mine, other] = await Promise.all([makeKeys(), makeKeys()]);
    const riddle = new Uint8Array([0, 1, 254, 255]);
    const encrypter = new Encrypter();
    encrypter.addRecipient(mine.recipient);
    const sent = btoa(String.fromCharCode(...(await encrypter.encrypt(riddle))));
    expect(await openChallenge(mine.identity, sent)).toBe(btoa("\u0000\u0001\u00fe\u00ff"));
    expect(await openChallenge(other.identity, sent)).toBeNull();
    expect(await openChallenge(mine.identity, "AAAA")).toBeNull();
  });

  it("has a file name that every disk takes", () => {
    expect(kitFileName("Café / Hafen 2")).toBe("holdfast-kit-cafe-hafen-2.txt");
    expect(kitFileName("Гавань")).toBe("holdfast-kit.txt");
  });
});
