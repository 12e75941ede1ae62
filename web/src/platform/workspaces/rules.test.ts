import { describe, expect, it } from "vitest";
import { daysUntil, mayIn, tagsOf } from "./rules";

const PERMISSIONS = ["inventory.read", "inventory.write", "inventory.export", "workspace.settings"];

describe("what may be done in a workspace", () => {
  it("is what the role says while the workspace is in use", () => {
    const workspace = { permissions: PERMISSIONS, state: "active" as const };
    expect(mayIn(workspace, "inventory.write")).toBe(true);
    expect(mayIn(workspace, "inventory.move")).toBe(false);
  });

  it("shrinks to reading and bringing it back once it is archived", () => {
    const workspace = { permissions: PERMISSIONS, state: "archived" as const };
    expect(mayIn(workspace, "inventory.write")).toBe(false);
    expect(mayIn(workspace, "inventory.read")).toBe(true);
    expect(mayIn(workspace, "inventory.export")).toBe(true);
    expect(mayIn(workspace, "workspace.settings")).toBe(true);
    expect(mayIn(workspace, "workspace.delete"), "the role still counts").toBe(false);
  });
});

describe("a workspace in a list", () => {
  it("says what is out of the ordinary", () => {
    expect(tagsOf({ state: "active", is_sample: false })).toEqual([]);
    expect(tagsOf({ state: "archived", is_sample: true })).toEqual(["sample", "archived"]);
    expect(tagsOf({ state: "deleted", is_sample: false })).toEqual(["deleted"]);
    const damaged = { state: "active", is_sample: false, damaged_at: "2026-11-21T06:00:00Z" };
    expect(tagsOf(damaged)).toEqual(["damaged"]);
  });

  it("counts begun days until it is gone, and none after", () => {
    const now = Date.parse("2026-11-21T08:00:00Z");
    expect(daysUntil("2026-12-21T08:00:00Z", now)).toBe(30);
    expect(daysUntil("2026-11-21T09:00:00Z", now)).toBe(1);
    expect(daysUntil("2026-11-20T09:00:00Z", now)).toBe(0);
  });
});
