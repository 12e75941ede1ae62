import { describe, expect, it } from "vitest";
import { faultOf, Gate } from "./clientErrors";
import { ApiProblem } from "./problem";

const fault = (message: string) => ({ message, stack: null });

describe("a fault of the page", () => {
  it("is an error or a thrown text, cut to a bounded length", () => {
    expect(faultOf(new TypeError("x is undefined"))?.message).toBe("TypeError: x is undefined");
    expect(faultOf("y".repeat(9_000))?.message).toHaveLength(500);
  });

  it("is not a refusal of the box, a stopped request or nothing", () => {
    expect(faultOf(new ApiProblem({ code: "network" }, null))).toBeNull();
    expect(faultOf(new DOMException("stopped", "AbortError"))).toBeNull();
    expect(faultOf(null)).toBeNull();
  });

  it("is not what a browser notes of sizes that come a frame late", () => {
    const note = "ResizeObserver loop completed with undelivered notifications.";
    expect(faultOf(note)).toBeNull();
    expect(faultOf(new Error(note))).toBeNull();
    expect(faultOf("ResizeObserver is not defined")).not.toBeNull();
  });
});

describe("reports", () => {
  it("say the same fault once in a while only", () => {
    const gate = new Gate();
    expect(gate.lets(fault("a"), 0)).toBe(true);
    expect(gate.lets(fault("a"), 60_000)).toBe(false);
    expect(gate.lets(fault("a"), 600_000)).toBe(true);
  });

  it("never become a flood", () => {
    const gate = new Gate();
    const sent = Array.from({ length: 100 }, (_, index) => gate.lets(fault(`${index}`), index));
    expect(sent.filter(Boolean)).toHaveLength(5);
    expect(gate.lets(fault("later"), 70_000)).toBe(true);
  });
});
