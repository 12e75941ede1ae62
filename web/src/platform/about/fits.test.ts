import { expect, it } from "vitest";
import { fits } from "./fits";

const part = { name: "rustls", licence: "Apache-2.0 OR ISC OR MIT", kind: "rust" };

it("finds a part by words of its name and licence, and by its kind", () => {
  expect(fits(part, {})).toBe(true);
  expect(fits(part, { q: "MIT rust" })).toBe(true);
  expect(fits(part, { q: "mit react" })).toBe(false);
  expect(fits(part, { q: "rustls", kind: "web" })).toBe(false);
});
