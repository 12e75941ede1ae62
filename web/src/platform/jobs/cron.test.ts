import { describe, expect, it } from "vitest";
import { nextTimes, readingOf, readPlan } from "./cron";

const NOW = Date.parse("2026-11-21T10:30:00Z");

function next(text: string, count = 3): string[] {
  const plan = readPlan(text);
  return plan ? nextTimes(plan, NOW, count).map((at) => at.slice(0, 16)) : [];
}

function reading(text: string) {
  const plan = readPlan(text);
  return plan && readingOf(plan);
}

describe("a plan", () => {
  it("says when it comes next", () => {
    expect(next("30 2 * * *")).toEqual([
      "2026-11-22T02:30",
      "2026-11-23T02:30",
      "2026-11-24T02:30",
    ]);
    expect(next("*/20 10 * * *", 2)).toEqual(["2026-11-21T10:40", "2026-11-22T10:00"]);
    expect(next("0 6 * * MON-TUE", 2)).toEqual(["2026-11-23T06:00", "2026-11-24T06:00"]);
    expect(next("0 0 29 2 *", 1)).toEqual(["2028-02-29T00:00"]);
  });

  it("counts the days of the week from Sunday, as the box does", () => {
    expect(next("0 6 * * 1", 1)).toEqual(["2026-11-22T06:00"]);
  });

  it("is none when a field is missing or out of bounds", () => {
    for (const text of ["", "30 2 * *", "60 2 * * *", "5-1 2 * * *", "x 2 * * *", "0 0 * * * *"])
      expect(readPlan(text), text).toBeNull();
  });

  it("is read in words where it has simple ones", () => {
    expect(reading("*/15 * * * *")).toEqual({ kind: "minutes", every: 15 });
    expect(reading("7 * * * *")).toEqual({ kind: "hourly", minute: 7 });
    expect(reading("30 2 * * *")).toEqual({ kind: "daily", time: "02:30" });
    expect(reading("30 2 * * SUN")).toEqual({ kind: "weekly", time: "02:30", weekdays: [1] });
    expect(reading("0 4 1 * *")).toEqual({ kind: "monthly", time: "04:00", day: 1 });
    expect(reading("1,2 4 1 * *")).toEqual({ kind: "other" });
  });
});
