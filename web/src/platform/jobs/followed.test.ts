import { act, renderHook } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import { followJob, forgetJob, useFollowedJobs } from "./followed";

afterEach(() => {
  for (const id of ["one", "two"]) act(() => forgetJob(id));
});

describe("followed jobs", () => {
  it("are known everywhere at once, each only once, until forgotten", () => {
    const { result } = renderHook(() => useFollowedJobs());

    act(() => followJob("w", "one"));
    act(() => followJob("w", "one"));
    act(() => followJob("w", "two"));
    expect(result.current.map((job) => job.id)).toEqual(["one", "two"]);

    act(() => forgetJob("one"));
    expect(result.current.map((job) => job.id)).toEqual(["two"]);
  });

  it("outlive the page they were asked for on", () => {
    act(() => followJob("w", "one"));

    expect(JSON.parse(sessionStorage.getItem("holdfast.jobs") ?? "[]")).toEqual([
      { workspace: "w", id: "one" },
    ]);
  });
});
