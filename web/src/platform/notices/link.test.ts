import { expect, it } from "vitest";
import { pageOf } from "./link";

it("leads to pages of this box and nowhere else", () => {
  expect(pageOf("/w/1/jobs?panel=7")).toBe("/w/1/jobs?panel=7");
  expect(pageOf(`${window.location.origin}/account#second-factor`)).toBe("/account#second-factor");
  expect(pageOf("//evil.example/x")).toBeNull();
  expect(pageOf("/\\evil.example")).toBeNull();
  expect(pageOf("javascript:alert(1)")).toBeNull();
  expect(pageOf("https://evil.example")).toBeNull();
  expect(pageOf(null)).toBeNull();
});
