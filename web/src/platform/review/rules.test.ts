import { expect, test } from "vitest";
import type { SecurityPoint } from "@/api/types";
import { lampOf, routeParts, worstFirst } from "./rules";

function point(code: string, verdict: string): SecurityPoint {
  return { code, verdict, said: "", remedy: null, people: [] };
}

test("what is bad stands first, and equals stay as they came", () => {
  const points = [
    point("a", "good"),
    point("b", "bad"),
    point("c", "look"),
    point("d", "bad"),
    point("e", "good"),
  ];

  expect(worstFirst(points).map((one) => one.code)).toEqual(["b", "d", "c", "a", "e"]);
});

test("a verdict that this page does not know is neither good nor bad", () => {
  expect([lampOf("bad"), lampOf("look"), lampOf("good"), lampOf("new")]).toEqual([
    "danger",
    "caution",
    "good",
    "info",
  ]);
});

test("a route is taken apart at its blanks", () => {
  expect(routeParts("GET /api/v1/me signed in +proof")).toEqual([
    "GET",
    "/api/v1/me",
    "signed in +proof",
  ]);
});
