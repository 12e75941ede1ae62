import { describe, expect, it } from "vitest";
import { beHere, readVisits } from "./visits";

const HOUR_MS = 3_600_000;

describe("the last time somebody was here", () => {
  it("is unknown on the first visit", () => {
    expect(beHere(null, 5).since).toBeNull();
  });

  it("stays the same while the visit goes on", () => {
    const first = beHere({ since: null, seen: 0 }, HOUR_MS);
    expect(first).toEqual({ since: 0, seen: HOUR_MS });
    const later = beHere(first, HOUR_MS + 60_000);
    expect(later).toEqual({ since: 0, seen: HOUR_MS + 60_000 });
  });

  it("moves on after a break", () => {
    const next = beHere({ since: 0, seen: HOUR_MS }, 9 * HOUR_MS);
    expect(next.since).toBe(HOUR_MS);
  });

  it("survives nonsense in the browser's memory", () => {
    for (const text of [null, "", "{", "[]", '{"seen":"x"}']) expect(readVisits(text)).toBeNull();
    expect(readVisits('{"since":1,"seen":2}')).toEqual({ since: 1, seen: 2 });
  });
});
