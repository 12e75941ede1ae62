import { describe, expect, it } from "vitest";
import { readLook, undoOf } from "./look";

describe("a look into a backup", () => {
  it("says of each workspace what it held and what there is now", () => {
    const look = readLook({
      taken_at: "2026-11-21T10:00:00Z",
      version: "0.1.0",
      files: [
        { path: "system.db", workspace_id: null, name: null, rows: { users: 3 } },
        {
          path: "workspaces/7.db",
          workspace_id: "7",
          name: "Kitchen",
          bytes: 4096,
          rows: { items: 5, movements: 7 },
          rows_now: { items: 6, movements: 9 },
          audit_entries: 20,
          audit_entries_now: 25,
        },
        { path: "workspaces/8.db", workspace_id: "8", rows: {}, rows_now: null, audit_entries: 1 },
      ],
      missing: ["workspaces/9.db"],
    });
    expect(look?.workspaces).toEqual([
      { id: "7", name: "Kitchen", bytes: 4096, rows: 12, rowsNow: 15, entries: 20, entriesNow: 25 },
      { id: "8", name: "8", bytes: 0, rows: 0, rowsNow: null, entries: 1, entriesNow: null },
    ]);
    expect(look?.missing).toEqual(["workspaces/9.db"]);
  });

  it("promises an undo only where there is something to go back to", () => {
    const then = { id: "7", name: "Kitchen", bytes: 0, rows: 5, entries: 1, entriesNow: 2 };
    expect(undoOf({ ...then, rowsNow: 6 }, [])).toBe("possible");
    expect(undoOf({ ...then, rowsNow: 6 }, ["7"])).toBe("damaged");
    expect(undoOf({ ...then, rowsNow: null }, ["7"])).toBe("damaged");
    expect(undoOf({ ...then, rowsNow: null }, ["8"])).toBe("nothing");
  });

  it("is nothing when it is something else", () => {
    expect(readLook(null)).toBeNull();
    expect(readLook({ workspace_id: "7" })).toBeNull();
  });
});
