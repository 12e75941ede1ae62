import { describe, expect, it } from "vitest";
import { failedNow, isActive, isUnderWay, percentOf, percentOfAll, tookMs } from "./rules";

describe("the progress of a job", () => {
  it("is said in whole percents and never beyond all", () => {
    expect(percentOf({ done: 1, total: 3 })).toBe(33);
    expect(percentOf({ done: 999, total: 1000 })).toBe(99);
    expect(percentOf({ done: 7, total: 5 })).toBe(100);
  });

  it("is unknown without a total", () => {
    expect(percentOf(null)).toBeNull();
    expect(percentOf({ done: 0, total: 0 })).toBeNull();
    expect(percentOfAll([{ progress: null }, {}])).toBeNull();
  });

  it("of several is their mean, leaving out those that cannot say", () => {
    const jobs = [
      { progress: { done: 1, total: 2 } },
      { progress: null },
      { progress: { done: 1, total: 1 } },
    ];
    expect(percentOfAll(jobs)).toBe(75);
  });
});

describe("a job", () => {
  it("that was asked for a later time is not under way until then", () => {
    const [made, later] = ["2026-11-22T10:00:00.000Z", "2026-11-22T11:00:00.000Z"];
    const job = { state: "waiting", attempts: 0, created_at: made, run_at: later };
    const at = (job: Parameters<typeof isUnderWay>[0], time: string) =>
      isUnderWay(job, Date.parse(time));
    expect(at(job, "2026-11-22T10:59:59.999Z")).toBe(false);
    expect(at(job, later)).toBe(true);
    expect(at({ ...job, state: "running" }, later)).toBe(true);
    expect(at({ ...job, state: "done" }, later)).toBe(false);
    // Pausing after a failure; asked for right now by a clock that is ahead.
    expect(at({ ...job, attempts: 1 }, made)).toBe(true);
    expect(at({ ...job, run_at: made }, "2026-11-22T09:00:00.000Z")).toBe(true);
  });

  it("is active until it ended in some way", () => {
    expect(["waiting", "running"].every((state) => isActive({ state }))).toBe(true);
    expect(["done", "failed", "cancelled"].some((state) => isActive({ state }))).toBe(false);
  });

  it("took the time between its start and its end, or until now", () => {
    const now = Date.parse("2026-11-21T08:00:10Z");
    expect(tookMs({ started_at: null }, now)).toBeNull();
    expect(tookMs({ started_at: "2026-11-21T08:00:00Z", finished_at: null }, now)).toBe(10_000);
    const ended = { started_at: "2026-11-21T08:00:00Z", finished_at: "2026-11-21T08:00:02Z" };
    expect(tookMs(ended, now)).toBe(2_000);
  });
});

describe("failed jobs", () => {
  const job = (kind: string, state: string, created_at: string) => ({ kind, state, created_at });

  it("need somebody until the same went well", () => {
    const check = job("check", "failed", "2026-11-20T02:00:00Z");
    const copy = job("copy", "failed", "2026-11-20T02:00:00Z");
    const again = job("copy", "done", "2026-11-20T03:00:00Z");
    expect(failedNow([again, copy, check])).toEqual([check]);
  });
});
