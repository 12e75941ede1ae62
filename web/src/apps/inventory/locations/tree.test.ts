import { describe, expect, it } from "vitest";
import type { Location } from "@/api/types";
import { matchLocation } from "./match";
import { pathName, treeRows, withDescendants } from "./tree";

const place = (
  id: string,
  name: string,
  parent: string | null = null,
  change: Partial<Location> = {},
): Location => ({
  id,
  version: 1,
  code: id,
  name,
  temp_zone: null,
  parent_id: parent,
  active: true,
  stock_items: 0,
  created_at: "2026-01-01T00:00:00Z",
  updated_at: "2026-01-01T00:00:00Z",
  deleted_at: null,
  ...change,
});
const all = [
  place("shelf-10", "Shelf 10", "dry"),
  place("shelf-2", "Shelf 2", "dry"),
  place("dry", "Dry store"),
  place("bar", "Bar"),
  place("lost", "Lost", "gone"),
];

describe("the tree of places", () => {
  it("puts parents before children and counts like people do", () => {
    expect(treeRows(all).map((row) => `${row.depth} ${row.location.name}`)).toEqual([
      "0 Bar",
      "0 Dry store",
      "1 Shelf 2",
      "1 Shelf 10",
      "0 Lost",
    ]);
  });

  it("hides what is below a closed place", () => {
    expect(treeRows(all, new Set(["dry"])).map((row) => row.location.id)).not.toContain("shelf-2");
  });

  it("knows what may not become a parent", () => {
    expect(withDescendants("dry", all)).toEqual(new Set(["dry", "shelf-10", "shelf-2"]));
  });

  it("writes the way to a place, even through a circle", () => {
    expect(pathName(place("shelf-2", "Shelf 2", "dry"), all)).toBe("Dry store / Shelf 2");
    const circle = [place("a", "A", "b"), place("b", "B", "a")];
    expect(pathName(circle[0] ?? place("x", "X"), circle)).toBe("B / A");
  });
});

describe("a place that was typed", () => {
  it("is the exact code first, then the only one that fits", () => {
    expect(matchLocation("shelf-2", all)?.id).toBe("shelf-2");
    expect(matchLocation("Dry Store", all)?.id).toBe("dry");
    expect(matchLocation("bar", all)?.id).toBe("bar");
    expect(matchLocation("ba", all)?.id).toBe("bar");
  });

  it("is not guessed when several fit or it is not in use", () => {
    expect(matchLocation("shelf", all)).toBeNull();
    expect(matchLocation("old", [place("old", "Old", null, { active: false })])).toBeNull();
    expect(matchLocation("", all)).toBeNull();
  });
});
