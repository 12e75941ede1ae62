import { expect, it } from "vitest";
import { percentOf } from "./share";

it("writes a share of one as percent", () => {
  expect(percentOf("0.9750")).toBe("97.50");
  expect(percentOf("1.0000")).toBe("100.00");
  expect(percentOf("0.0001")).toBe("0.01");
  expect(percentOf("0.0000")).toBe("0.00");
  expect(percentOf("-1.5000")).toBe("-150.00");
});
