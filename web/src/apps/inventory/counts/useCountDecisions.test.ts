import { act, renderHook } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { useCountDecisions } from "./useCountDecisions";

describe("decisions about a count", () => {
  const submitted = { state: "submitted", version: 4 };

  it("are made, changed and taken back line by line", () => {
    const { result } = renderHook(() => useCountDecisions(submitted));
    act(() => result.current.decide("peas", "count_now"));
    act(() => result.current.decide("prawns", "reject"));
    act(() => result.current.decide("prawns", "recount"));
    expect(result.current.decisions).toEqual({ peas: "count_now", prawns: "recount" });
    act(() => result.current.decide("peas", null));
    expect(result.current.decisions).toEqual({ prawns: "recount" });
  });

  it("are gone once it is given back, also when it was handed in anew before that was seen", () => {
    const { result, rerender } = renderHook((count) => useCountDecisions(count), {
      initialProps: submitted,
    });
    act(() => result.current.decide("peas", "count_now"));
    rerender({ state: "open", version: 5 });
    expect(result.current.decisions).toEqual({});
    rerender({ state: "submitted", version: 7 });
    expect(result.current.decisions).toEqual({});
    act(() => result.current.decide("prawns", "reject"));
    expect(result.current.decisions).toEqual({ prawns: "reject" });
    rerender({ state: "submitted", version: 10 });
    expect(result.current.decisions).toEqual({});
  });
});
