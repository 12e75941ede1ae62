import { describe, expect, it } from "vitest";
import { allOf, changed, countOf, isOfPeople, peopleIn, stoppedShort } from "./filter";

describe("the filter of the log", () => {
  it("keeps nothing empty in the address", () => {
    const filter = changed({ action: "inventory.item" }, "actor", "a");
    expect(filter).toEqual({ action: "inventory.item", actor: "a" });
    expect(countOf(filter)).toBe(2);
    expect(changed(filter, "action", "")).toEqual({ actor: "a" });
    expect(changed(filter, "action", null)).toEqual({ actor: "a" });
  });

  it("does not count which log is read, and keeps it when all is shown", () => {
    const filter = changed(allOf(true), "outcome", "refused");
    expect(countOf(filter)).toBe(1);
    expect(isOfPeople(filter)).toBe(true);
    expect(isOfPeople(allOf(false))).toBe(false);
  });

  it("looks further back only where the box stopped before the page was full", () => {
    expect(stoppedShort({ items: [], next_cursor: "c" }, 2)).toBe(true);
    expect(stoppedShort({ items: [1, 2], next_cursor: "c" }, 2)).toBe(false);
    expect(stoppedShort({ items: [1], next_cursor: null }, 2)).toBe(false);
    expect(stoppedShort(undefined, 2)).toBe(false);
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
