import { describe, expect, it } from "vitest";
import { dayIn, endOfDay, instantIn, startOfDay } from "./zone";

describe("a day of the workspace", () => {
  it("begins and ends by its own clocks, wherever the browser is", () => {
    expect(startOfDay("Europe/Ljubljana", "2026-11-21")).toBe("2026-11-20T23:00:00.000Z");
    expect(endOfDay("Europe/Ljubljana", "2026-11-21")).toBe("2026-11-21T22:59:59.999Z");
    expect(startOfDay("Pacific/Auckland", "2026-11-21")).toBe("2026-11-20T11:00:00.000Z");
    expect(startOfDay("America/New_York", "2026-11-21")).toBe("2026-11-21T05:00:00.000Z");
  });

  it("has 23 or 25 hours when the clocks change", () => {
    const hours = (zone: string, day: string) =>
      (Date.parse(endOfDay(zone, day) ?? "") + 1 - Date.parse(startOfDay(zone, day) ?? "")) /
      3_600_000;
    expect(hours("Europe/Ljubljana", "2026-03-29")).toBe(23);
    expect(hours("Europe/Ljubljana", "2026-10-25")).toBe(25);
    expect(hours("UTC", "2026-03-29")).toBe(24);
  });

  it("is found again from its first and its last instant", () => {
    for (const zone of ["Europe/Ljubljana", "Pacific/Auckland", "America/New_York", "UTC"]) {
      expect(dayIn(zone, startOfDay(zone, "2026-07-04") ?? "")).toBe("2026-07-04");
      expect(dayIn(zone, endOfDay(zone, "2026-07-04") ?? "")).toBe("2026-07-04");
    }
  });

  it("has times that mean what its clocks show", () => {
    expect(instantIn("Europe/Ljubljana", "2026-07-04T06:30")).toBe("2026-07-04T04:30:00.000Z");
    expect(instantIn("Europe/Ljubljana", "2026-12-04T06:30")).toBe("2026-12-04T05:30:00.000Z");
    expect(instantIn("UTC", "")).toBeUndefined();
  });

  it("is nothing for what is not a day", () => {
    expect(startOfDay("UTC", "")).toBeUndefined();
    expect(dayIn("UTC", "nonsense")).toBe("");
  });
});
