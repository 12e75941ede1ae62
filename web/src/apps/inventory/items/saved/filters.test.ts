import { beforeAll, describe, expect, it } from "vitest";
import { loadLanguage, loadTexts } from "@/i18n";
import type { SavedFilter } from "@/api/types";
import { chosenBy, inWords, isEmpty, isSame, requestOf } from "./filters";

const SAVED: SavedFilter = {
  id: "1",
  version: 3,
  name: "Fish",
  q: "cod",
  category: null,
  location: "cold",
  low: false,
  sort: "-on_hand",
  created_at: "2026-11-21T06:00:00Z",
  updated_at: "2026-11-21T06:00:00Z",
};
const KNOWN = {
  categories: [{ category: "Fish" }],
  places: [{ id: "cold", name: "Cold store" }],
};

beforeAll(async () => {
  await loadLanguage("en");
  await loadTexts("filters");
});

describe("a saved filter", () => {
  it("takes out of the address what it leaves open", () => {
    const chosen = { q: "cod", category: null, location: "cold", low: null, sort: "-on_hand" };
    expect(chosenBy(SAVED)).toEqual(chosen);
  });

  it("is saved as the list shows it, and found again by it", () => {
    const shown = { category: "Fish", low: true } as const;
    const request = requestOf("Low fish", shown);
    expect(request).toEqual({
      name: "Low fish",
      q: null,
      category: "Fish",
      location: null,
      low: true,
      sort: null,
    });
    expect(isSame(request, shown)).toBe(true);
    expect(isSame(request, { category: "Fish" })).toBe(false);
    expect(isSame(SAVED, { q: "cod", location: "cold", sort: "-on_hand" })).toBe(true);
    expect(isSame(SAVED, { q: "cod", location: "cold" })).toBe(false);
  });

  it("keeps what it shows under another name", () => {
    const renamed = requestOf("Cod", SAVED);
    expect(renamed.name).toBe("Cod");
    expect(isSame(renamed, SAVED)).toBe(true);
  });

  it("is empty only where nothing is chosen", () => {
    expect(isEmpty({})).toBe(true);
    expect(isEmpty({ low: false, q: "" })).toBe(true);
    expect(isEmpty({ sort: "name" })).toBe(false);
    expect(isEmpty({ low: true })).toBe(false);
  });
});

describe("what a filter shows, in words", () => {
  it("names all of it", () => {
    expect(inWords(SAVED, KNOWN)).toBe("“cod” · Cold store · most on hand first");
    const low = { category: "Fish", low: true };
    expect(inWords(low, KNOWN)).toBe("Fish · Low stock");
    expect(inWords({}, KNOWN)).toBe("All items");
    expect(inWords({ sort: "-updated_at" }, KNOWN)).toBe("All items · last changed first");
  });

  it("says what is gone", () => {
    expect(inWords({ category: "Meat" }, KNOWN)).toBe("Meat (no items)");
    expect(inWords({ location: "shed" }, KNOWN)).toBe("a place that was deleted");
  });

  it("says nothing of what is not known yet", () => {
    const known = { categories: undefined, places: undefined };
    expect(inWords({ category: "Meat", location: "shed" }, known)).toBe("Meat · …");
  });
});
