import { describe, expect, it } from "vitest";
import type { Item } from "@/api/types";
import { CHOSEN_MAX, toggled, withAll } from "./chosen";
import { backOf, changesOf, fieldsOf, UNCHANGED } from "./several";

const item = (id: string, more: Partial<Item> = {}) =>
  ({ id, version: 1, category: null, min_qty: null, max_qty: null, ...more }) as Item;
const read = (typed: string) => typed.replace(",", ".");

describe("changing several items", () => {
  it("asks for what was chosen and for nothing else", () => {
    expect(fieldsOf(UNCHANGED, read)).toEqual({});
    const values = { ...UNCHANGED, min_qty_way: "set", min_qty: " 2,5 ", category: "left over" };
    expect(fieldsOf(values, read)).toEqual({ min_qty: "2.5" });
    expect(fieldsOf({ ...UNCHANGED, category_way: "clear" }, read)).toEqual({ category: null });
    expect(fieldsOf({ ...UNCHANGED, temp_zone: "any" }, read)).toEqual({ temp_zone: null });
    expect(fieldsOf({ ...UNCHANGED, temp_zone: "dry" }, read)).toEqual({ temp_zone: "dry" });
  });

  it("says of each item which version was seen", () => {
    const changes = changesOf([item("a"), item("b", { version: 7 })], { category: "Fish" });
    expect(changes).toEqual([
      { id: "a", version: 1, category: "Fish" },
      { id: "b", version: 7, category: "Fish" },
    ]);
  });

  it("takes back what changed, to what each item was", () => {
    const before = [item("a", { category: "Meat" }), item("b"), item("c", { category: "Fish" })];
    const after = [item("a", { version: 2 }), item("b", { version: 2 }), item("c")];
    expect(backOf(before, after, { category: "Fish" })).toEqual([
      { id: "a", version: 2, category: "Meat" },
      { id: "b", version: 2, category: null },
    ]);
  });

  it("chooses no more than can be changed at once", () => {
    const many = Array.from({ length: CHOSEN_MAX + 5 }, (_, index) => item(String(index)));
    const all = withAll(new Map(), many);
    expect(all.size).toBe(CHOSEN_MAX);
    expect(toggled(all, item("one more")).size).toBe(CHOSEN_MAX);
    expect(toggled(all, item("3")).has("3")).toBe(false);
    expect(withAll(all, [item("3", { version: 4 })]).get("3")?.version).toBe(4);
  });
});
