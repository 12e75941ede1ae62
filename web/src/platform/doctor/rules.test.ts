import { expect, test } from "vitest";
import type { DoctorFinding } from "@/api/types";
import { allDone, lampOf, manualOf, parted } from "./rules";

function finding(code: string, status: string): DoctorFinding {
  return {
    code,
    status,
    title: "",
    cause: "",
    effect: null,
    fix: [],
    fixable: false,
    took_ms: 1,
  };
}

test("what is found, what is well and what was skipped stand apart", () => {
  const all = [
    finding("a", "failed"),
    finding("b", "hint"),
    finding("c", "skipped"),
    finding("d", "ok"),
    finding("e", "new"),
  ];

  const { found, well, skipped } = parted(all);

  expect(found.map((one) => one.code)).toEqual(["a", "b", "e"]);
  expect([well, skipped].map((part) => part.map((one) => one.code))).toEqual([["d"], ["c"]]);
});

test("a hint is neither good nor bad, and each code has its place in the manual", () => {
  expect(["failed", "warning", "hint", "ok"].map(lampOf)).toEqual([
    "danger",
    "caution",
    "info",
    "good",
  ]);
  expect(manualOf("disk-low")).toBe("/help/troubleshooting#disk-low");
  expect(allDone({ a: ["one"], b: ["two", "three"] })).toEqual(["one", "two", "three"]);
});
