import { describe, expect, it } from "vitest";
import { parseQuickEntry } from "./quickEntry";

const POINT = { group: ",", point: "." };
const COMMA = { group: ".", point: "," };
const parse = (text: string) => parseQuickEntry(text, POINT);

describe("quick entry", () => {
  it("reads the example of the manual", () => {
    expect(parse("receive 12.5 kg salmon @cooler-2 PO-1042")).toEqual({
      type: "receive",
      qty: "12.5",
      badQty: null,
      unit: "kg",
      item: "salmon",
      place: "cooler-2",
      toPlace: null,
      reference: "PO-1042",
      note: null,
      unitCost: null,
    });
  });

  it("knows short words for the kinds", () => {
    expect(parse("in 3 milk").type).toBe("receive");
    expect(parse("out 3 milk").type).toBe("use");
    expect(parse("adj -2 milk").type).toBe("adjust");
    expect(parse("move 2 milk @a @b").type).toBe("transfer");
  });

  it("keeps the kind open until it is said", () => {
    expect(parse("12.5 kg salmon @cooler-2").type).toBeNull();
  });

  it("takes two places for a transfer, however they are written", () => {
    for (const text of [
      "3 milk @bar > cooler-1",
      "3 milk @bar>@cooler-1",
      "3 milk @bar @cooler-1",
      "3 milk @bar to cooler-1",
    ]) {
      expect(parse(text)).toMatchObject({
        type: "transfer",
        place: "bar",
        toPlace: "cooler-1",
        item: "milk",
      });
    }
  });

  it("reads a unit that sticks to the number", () => {
    expect(parse("use 750g flour")).toMatchObject({ qty: "750", unit: "g", item: "flour" });
  });

  it("does not take a name for a quantity", () => {
    expect(parse("use 2 case 7up")).toMatchObject({ qty: "2", unit: "case", item: "7up" });
  });

  it("keeps every later number in the name", () => {
    expect(parse("receive 3 kg flour type 00")).toMatchObject({ qty: "3", item: "flour type 00" });
  });

  it("never guesses a decimal comma", () => {
    expect(parse("receive 12,5 kg salmon")).toMatchObject({ qty: null, badQty: "12,5" });
    expect(parseQuickEntry("receive 12,5 kg salmon", COMMA)).toMatchObject({
      qty: "12.5",
      badQty: null,
    });
  });

  it("refuses exponents", () => {
    expect(parse("receive 1e3 kg salmon")).toMatchObject({ qty: null });
  });

  it("lets only an adjustment carry a minus", () => {
    expect(parse("adjust -2 milk @bar")).toMatchObject({ type: "adjust", qty: "-2" });
    expect(parse("-2 milk @bar")).toMatchObject({ type: "use", qty: "2" });
    expect(parse("adjust −2 milk @bar").qty).toBe("-2");
  });

  it("takes a note after slashes or in quotes, and a reference after #", () => {
    expect(parse("use 1 milk @bar #spill // broken at the door")).toMatchObject({
      reference: "spill",
      note: "broken at the door",
      item: "milk",
    });
    expect(parse('use 1 milk "went off" @bar')).toMatchObject({ note: "went off", place: "bar" });
  });

  it("takes a price after at", () => {
    expect(parse("receive 3 kg salmon at 18.90 @bar")).toMatchObject({
      unitCost: "18.90",
      item: "salmon",
    });
  });

  it("reads names in any script", () => {
    expect(parse("receive 2 kg سمك السلمون @بار")).toMatchObject({
      item: "سمك السلمون",
      place: "بار",
    });
  });

  it("survives nothing and noise", () => {
    for (const text of [
      "",
      "   ",
      "@",
      "> > >",
      '"',
      "//",
      "@@@",
      "# #",
      "receive",
      "at at at",
      "\u0000",
      "a".repeat(5000),
    ]) {
      expect(() => parse(text)).not.toThrow();
    }
    expect(parse("")).toMatchObject({ type: null, qty: null, item: "" });
  });
});
