import { expect, it } from "vitest";
import { draw } from "./StepChart";

const at = (hour: number, balance: string) => ({
  at: `2026-01-01T${String(hour).padStart(2, "0")}:00:00Z`,
  balance,
});

it("a chart needs two points", () => {
  expect(draw([at(1, "5")], null)).toBeNull();
});

it("a chart goes in steps and holds zero, the minimum and what is below zero", () => {
  const drawn = draw([at(0, "10"), at(12, "-2"), at(23, "4")], "6");
  expect(drawn?.line.match(/H/g)).toHaveLength(3);
  expect(drawn?.top).toBe("10");
  expect(drawn?.bottom).toBe("-2");
  expect(drawn?.minY).not.toBeNull();
  expect(drawn && drawn.zeroY < 137).toBe(true);
});
