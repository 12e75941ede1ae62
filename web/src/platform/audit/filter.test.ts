import { describe, expect, it } from "vitest";
import { changed, countOf, peopleIn } from "./filter";

describe("the filter of the log", () => {
  it("keeps nothing empty in the address", () => {
    const filter = changed({ action: "inventory.item" }, "actor", "a");
    expect(filter).toEqual({ action: "inventory.item", actor: "a" });
    expect(countOf(filter)).toBe(2);
    expect(changed(filter, "action", "")).toEqual({ actor: "a" });
    expect(changed(filter, "action", null)).toEqual({ actor: "a" });
  });

  it("offers everybody known and everybody seen, once and by name", () => {
    const entries = [
      { actor: { id: "2", kind: "user", name: "Bo" } },
      { actor: { id: "2", kind: "token", name: "Bo" } },
      { actor: { id: "1", kind: "user", name: "Čeh" } },
      { actor: { id: null, kind: "system", name: null } },
    ];
    expect(peopleIn([{ id: "3", name: "Ana" }], entries)).toEqual([
      { id: "3", name: "Ana" },
      { id: "2", name: "Bo" },
      { id: "1", name: "Čeh" },
    ]);
  });
});
