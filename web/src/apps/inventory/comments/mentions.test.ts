import { describe, expect, test } from "vitest";
import { choose, decoded, encoded, lengthOf, partsOf, typedMention } from "./mentions";

const ANA = { id: "01a1fcb0-0000-7000-8000-00000000000a", name: "Ana Lima" };
const ANABEL = { id: "01a1fcb0-0000-7000-8000-00000000000b", name: "Ana" };
const OTHER_ANA = { id: "01a1fcb0-0000-7000-8000-00000000000c", name: "Ana Lima" };

describe("a name after an @", () => {
  const typed = (text: string, chosen: Parameters<typeof typedMention>[2] = []) =>
    typedMention(text, text.length, chosen)?.typed;

  test("is looked for from the @ to the caret", () => {
    expect(typed("@")).toBe("");
    expect(typed("Ask @an")).toBe("an");
    expect(typed("Ask @Ana Li")).toBe("Ana Li");
    expect(typed("(@an")).toBe("an");
    expect(typedMention("Ask @an and so on", 7, [])).toEqual({ at: 4, typed: "an" });
  });

  test("is none in an address, after a blank, on the next line or after many letters", () => {
    for (const text of ["", "an", "ana@an", "@ an", "@an\nx", `@${"a".repeat(41)}`, "@{an"])
      expect(typed(text)).toBeUndefined();
    expect(typedMention("@an", 0, [])).toBeNull();
  });

  test("is over behind somebody who was chosen", () => {
    const chosen = [{ id: ANA.id, label: ANA.name }];
    expect(typed("@Ana Lima is late", chosen)).toBeUndefined();
    expect(typed("@Ana L", chosen)).toBe("Ana L");
    expect(typed("@Ana Lima @b", chosen)).toBe("b");
  });
});

describe("choosing somebody", () => {
  test("puts the whole name there and the caret behind it", () => {
    const done = choose("Ask @an about it", { at: 4, typed: "an" }, ANA, []);
    expect(done.text).toBe("Ask @Ana Lima about it");
    expect(done.text.slice(0, done.caret)).toBe("Ask @Ana Lima ");
    expect(done.chosen).toEqual([{ id: ANA.id, label: "Ana Lima" }]);
  });

  test("tells two people of one name apart, and nobody from themselves", () => {
    const first = choose("@", { at: 0, typed: "" }, ANA, []);
    const same = choose(`${first.text}@`, { at: 10, typed: "" }, ANA, first.chosen);
    expect(same.chosen).toEqual(first.chosen);
    const second = choose(`${first.text}@`, { at: 10, typed: "" }, OTHER_ANA, first.chosen);
    expect(second.text).toBe("@Ana Lima @Ana Lima (2) ");
    expect(encoded(second.text, second.chosen)).toBe(`@{${ANA.id}} @{${OTHER_ANA.id}} `);
  });
});

describe("what is kept", () => {
  const chosen = [
    { id: ANABEL.id, label: "Ana" },
    { id: ANA.id, label: "Ana Lima" },
  ];

  test("has ids in the place of whole names, the longest first", () => {
    const kept = encoded("@Ana Lima, @Ana: @Anabel @Ana Limas x@Ana", chosen);
    const [long, short] = [`@{${ANA.id}}`, `@{${ANABEL.id}}`];
    expect(kept).toBe(`${long}, ${short}: @Anabel ${short} Limas x${short}`);
  });

  test("comes back as it was typed", () => {
    const text = "Ask @Ana Lima\nor @Ana. 🐟 @nobody";
    const sent = encoded(text, chosen);
    const again = decoded(sent, [ANABEL, ANA]);
    expect(again.text).toBe(text);
    expect(encoded(again.text, again.chosen)).toBe(sent);
  });

  test("keeps whoever has no name any more", () => {
    const sent = `@{${ANA.id}} @{${OTHER_ANA.id}}`;
    const nameless = [
      { id: ANA.id, name: "" },
      { id: OTHER_ANA.id, name: "" },
    ];
    const again = decoded(sent, nameless);
    expect(again.text).toBe("@? @? (2)");
    expect(encoded(again.text, again.chosen)).toBe(sent);
  });

  test("is counted in characters, without what is trimmed", () => {
    expect(lengthOf(" 🐟e\u0301\n")).toBe(2);
  });
});

test("a comment is read in parts, and what names nobody stays as it is", () => {
  const text = `Ask @{${ANA.id}}!\n@{${OTHER_ANA.id}} @{x}`;
  expect(partsOf(text, [ANA])).toEqual([
    { words: "Ask " },
    { person: ANA },
    { words: `!\n@{${OTHER_ANA.id}} @{x}` },
  ]);
  expect(partsOf("", [])).toEqual([]);
});
