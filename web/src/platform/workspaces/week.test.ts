import { describe, expect, it } from "vitest";
import { firstDayOf, weekDays } from "./week";

describe("the first day of the week", () => {
  it("is what the place writes, and Monday where nothing is known", () => {
    expect(firstDayOf("de-DE")).toBe(1);
    expect(firstDayOf("en-US")).toBe(7);
    expect(firstDayOf("not a locale")).toBe(1);
  });

  it("is chosen from seven named days, Monday first", () => {
    const days = weekDays();
    expect(days).toHaveLength(7);
    expect(days[0]).toEqual({ value: "1", label: "Monday" });
    expect(days[6]).toEqual({ value: "7", label: "Sunday" });
  });
});
