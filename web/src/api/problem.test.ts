import { describe, expect, it } from "vitest";
import { asProblem, ApiProblem, problemOf } from "./problem";

const answer = (status: number, headers: Record<string, string> = {}) =>
  new Response(null, { status, headers });

describe("refusals", () => {
  it("carry code, detail, fields, extras and the request id", async () => {
    const body = {
      type: "/problems/stock-short",
      title: "Unprocessable Content",
      status: 422,
      detail: "Only 4 on hand, 5 requested.",
      instance: "/requests/0193",
      code: "stock-short",
      errors: [{ field: "qty", code: "above-stock", detail: "Only 4." }],
      on_hand: "4.000",
    };
    const problem = await problemOf(answer(422), body);
    expect(problem).toMatchObject({
      status: 422,
      code: "stock-short",
      detail: body.detail,
      requestId: "0193",
    });
    expect(problem.fields).toEqual([{ field: "qty", code: "above-stock", detail: "Only 4." }]);
    expect(problem.extraText("on_hand")).toBe("4.000");
    expect(problem.extraText("title")).toBeNull();
  });

  it("prefer the header's request id and read Retry-After", async () => {
    const problem = await problemOf(answer(429, { "x-request-id": "abc", "retry-after": "12" }), {
      code: "sign-in-throttled",
    });
    expect(problem.requestId).toBe("abc");
    expect(problem.retryAfterSeconds).toBe(12);
  });

  it("survive bodies that are no problem document", async () => {
    for (const body of [
      undefined,
      null,
      "<html>",
      7,
      [],
      { errors: "no" },
      { errors: [null, 3] },
    ]) {
      const problem = await problemOf(answer(502), body);
      expect(problem.code).toBe("http-502");
    }
  });

  it("keep what they are when wrapped", () => {
    const problem = new ApiProblem({ code: "network" }, null);
    expect(asProblem(problem)).toBe(problem);
    expect(asProblem(new TypeError("x is not a function"))).toMatchObject({
      code: "unexpected",
      status: 0,
    });
  });
});
