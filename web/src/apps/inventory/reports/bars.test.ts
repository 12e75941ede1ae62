import { expect, it } from "vitest";
import { draw } from "./bars";

it("stands bars side by side on zero", () => {
  const drawn = draw(["10.0000", "0.0000", "5.0000"], 300, 100);
  expect(drawn?.zeroY).toBe(100);
  expect(drawn?.bars.map((bar) => [bar.y, bar.height])).toEqual([
    [0, 100],
    [100, 0],
    [50, 50],
  ]);
  expect(drawn?.bars.map((bar) => bar.x)).toEqual([14, 114, 214]);
  expect([drawn?.top, drawn?.bottom]).toEqual(["10.0000", "0"]);
});

it("hangs what came back below zero", () => {
  const drawn = draw(["3.0000", "-1.0000"], 200, 100);
  expect(drawn?.zeroY).toBe(75);
  expect(drawn?.bars.map((bar) => [bar.y, bar.height, bar.isNegative])).toEqual([
    [0, 75, false],
    [75, 25, true],
  ]);
});

it("draws amounts beyond what a float can count", () => {
  const drawn = draw(["900000000000000.0001", "450000000000000.0000"], 200, 100);
  expect(drawn?.bars.map((bar) => bar.height)).toEqual([100, 50]);
});

it("draws nothing of nothing", () => {
  expect(draw([], 100, 100)).toBeNull();
  expect(draw(["0.0000"], 100, 100)?.bars[0]?.height).toBe(0);
});
