import { describe, expect, it } from "vitest";
import type { UpdatesStatus } from "@/api/types";
import { digestLeftMs, leadOf, severityTone } from "./rules";

const status = (change: object): UpdatesStatus =>
  ({
    under_way: null,
    offer: null,
    supervision: { is_supervised: true },
    settings: { has_root: true },
    feed: { problem: null, answered_at: "2026-11-22T10:00:00Z" },
    ...change,
  }) as UpdatesStatus;

describe("what stands first", () => {
  it("is what keeps the box from updating, before anything else", () => {
    expect(leadOf(status({ supervision: { is_supervised: false } }))).toBe("alone");
    expect(leadOf(status({ settings: { has_root: false } }))).toBe("noRoot");
    expect(leadOf(status({ under_way: {}, offer: {} }))).toBe("busy");
  });

  it("is the offer, even of a feed that fails since", () => {
    const problem = { code: "update-metadata-expired", detail: "" };
    expect(leadOf(status({ offer: {}, feed: { problem } }))).toBe("offer");
    expect(leadOf(status({ feed: { problem } }))).toBe("fails");
  });

  it("says whether the feed was ever asked", () => {
    expect(leadOf(status({}))).toBe("upToDate");
    expect(leadOf(status({ feed: { problem: null, answered_at: null } }))).toBe("notAsked");
  });
});

describe("a digest", () => {
  it("runs out", () => {
    const at = "2026-11-22T10:10:00Z";
    expect(digestLeftMs(at, Date.parse("2026-11-22T10:09:00Z"))).toBe(60_000);
    expect(digestLeftMs(at, Date.parse("2026-11-22T10:11:00Z"))).toBe(0);
  });
});

it("marks what is urgent", () => {
  expect(severityTone("critical")).toBe("danger");
  expect(severityTone("normal")).toBe("info");
});
