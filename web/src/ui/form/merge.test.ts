import { describe, expect, it } from "vitest";
import { differences, merged, said } from "./merge";

const base = { name: "Salmon", unit: "kg", notes: "", codes: [{ code: "1", pack_qty: "" }] };

describe("what two people changed", () => {
  it("is told field by field, with who did it", () => {
    const mine = { ...base, name: "Salmon, whole", notes: "fresh" };
    const theirs = { ...base, name: "Salmon side", unit: "g", notes: "fresh" };

    const found = differences(base, mine, theirs);

    expect(found.map(({ name, by }) => [name, by])).toEqual([
      ["name", "both"],
      ["unit", "theirs"],
    ]);
    expect(found[0]).toMatchObject({
      base: "Salmon",
      mine: "Salmon, whole",
      theirs: "Salmon side",
    });
  });

  it("looks into lists", () => {
    const mine = { ...base, codes: [...base.codes, { code: "2", pack_qty: "6" }] };

    const found = differences(base, mine, structuredClone(base));

    expect(found).toMatchObject([{ name: "codes", by: "mine" }]);
    expect(said(found[0]?.mine)).toBe("1, 2 · 6");
  });

  it("becomes one as somebody chose", () => {
    const mine = { ...base, name: "Mine", notes: "mine" };
    const theirs = { ...base, name: "Theirs", unit: "g", notes: "theirs" };

    const one = merged(mine, theirs, { name: "mine", unit: "theirs", notes: "theirs" });

    expect(one).toEqual({ ...base, name: "Mine", unit: "g", notes: "theirs" });
  });

  it("is said by its name, and nothing where there is nothing", () => {
    expect(said({ id: "7", name: "Cold store", code: "C" })).toBe("Cold store");
    expect([said(null), said(""), said([]), said(true)]).toEqual(["", "", "", "true"]);
  });
});
