import { describe, expect, it } from "vitest";
import { levelOf, newestWhole, paceOf, safetyOf } from "./rules";

const THERE = [{ state: "there" }];

describe("the level of a backup", () => {
  it("is what it got to", () => {
    expect(levelOf({ state: "running", level: null, copies: [] })).toBe("running");
    expect(levelOf({ state: "failed", level: null, copies: [] })).toBe("failed");
    expect(levelOf({ state: "uploaded", copies: THERE })).toBe("uploaded");
    expect(levelOf({ state: "uploaded", level: "drilled", copies: THERE })).toBe("drilled");
  });

  it("is no more than a memory once no copy is left to be read", () => {
    const pruned = { state: "uploaded", level: "verified", copies: [{ state: "gone" }] };
    expect(levelOf(pruned)).toBe("gone");
    expect(levelOf({ ...pruned, copies: [] })).toBe("gone");
    expect(levelOf({ ...pruned, copies: [...pruned.copies, ...THERE] })).toBe("verified");
  });
});

describe("the backup that a damaged workspace is brought back from", () => {
  it("is the newest that was verified and leaves nothing out", () => {
    const partly = {
      state: "uploaded",
      level: "verified",
      copies: THERE,
      detail: "Left out: Harbour",
    };
    const unproved = { state: "uploaded", level: "uploaded", copies: THERE };
    const whole = { state: "uploaded", level: "drilled", copies: THERE, detail: null };
    expect(newestWhole([partly, unproved, whole])).toBe(whole);
    expect(newestWhole([partly, unproved])).toBeUndefined();
  });
});

describe("the pace of a backup", () => {
  const started_at = "2026-11-21T10:00:00Z";
  const now = Date.parse("2026-11-21T10:00:10Z");

  it("is what was read in the time it took", () => {
    const pace = paceOf({ started_at, progress: { done: 1_000, total: 3_000 } }, now);
    expect(pace).toEqual({ bytesPerSecond: 100, leftMs: 20_000 });
  });

  it("is not guessed before there is something to go by, nor after all is read", () => {
    expect(paceOf({ started_at, progress: { done: 0, total: 3_000 } }, now)).toBeNull();
    expect(paceOf({ started_at, progress: { done: 5, total: 5 } }, now)).toBeNull();
    expect(paceOf({ started_at: null, progress: { done: 1, total: 5 } }, now)).toBeNull();
    const soon = Date.parse(started_at) + 400;
    expect(paceOf({ started_at, progress: { done: 1, total: 5 } }, soon)).toBeNull();
  });
});

describe("what makes a box safe", () => {
  it("is nothing at first", () => {
    expect(Object.values(safetyOf([], [], []))).toEqual([false, false, false, false, false]);
  });

  it("does not count kits that were retired, nor backups that failed", () => {
    const retired = { confirmed_at: "2026-11-20T10:00:00Z", retired_at: "2026-11-21T10:00:00Z" };
    const fresh = { confirmed_at: null, retired_at: null };
    const safety = safetyOf([{}], [retired, fresh], [{ state: "failed", copies: [] }]);
    expect(safety).toMatchObject({ hasKit: true, isKitProved: false, hasBackup: false });
  });

  it("does not count what was removed from every target", () => {
    const pruned = { state: "uploaded", level: "verified", copies: [{ state: "gone" }] };
    expect(safetyOf([], [], [pruned])).toMatchObject({ hasBackup: false, isVerified: false });
  });

  it("is all of it once a backup was verified", () => {
    const kit = { confirmed_at: "2026-11-20T10:00:00Z", retired_at: null };
    const safety = safetyOf([{}], [kit], [{ state: "uploaded", level: "verified", copies: THERE }]);
    expect(Object.values(safety).every(Boolean)).toBe(true);
  });
});
