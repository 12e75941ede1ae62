import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { api, ok } from "./client";
import { answerSignInAgain, isAskingToSignIn, onSignInAsked, setSessionKnown } from "./session";

const sent: Request[] = [];
let answers: Response[] = [];

beforeEach(() => {
  sent.length = 0;
  setSessionKnown(true);
  vi.stubGlobal("fetch", async (request: Request) => {
    sent.push(request);
    return answers.shift() ?? new Response(null, { status: 500 });
  });
});
afterEach(() => vi.unstubAllGlobals());

const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": status < 400 ? "application/json" : "application/problem+json" },
  });
const ended = () => json(401, { code: "sign-in-needed", detail: "Sign in to go on." });
const create = () =>
  ok(
    api.POST("/api/v1/me/tokens", {
      body: { name: "Printer", expires_in_days: 7 },
      headers: { "Idempotency-Key": "k-1" },
    }),
  );

describe("a session that ends", () => {
  it("asks once and sends the same request again with the same key", async () => {
    answers = [ended(), json(201, { id: "1" })];
    const asked = vi.fn();
    const stop = onSignInAsked(asked);

    const pending = create();
    await vi.waitFor(() => expect(isAskingToSignIn()).toBe(true));
    answerSignInAgain(true);
    await pending;

    expect(sent).toHaveLength(2);
    expect(sent[1]?.headers.get("idempotency-key")).toBe("k-1");
    expect(await sent[1]?.json()).toEqual({ name: "Printer", expires_in_days: 7 });
    expect(asked.mock.calls).toEqual([[true], [false]]);
    stop();
  });

  it("asks once for many requests", async () => {
    answers = [ended(), ended(), json(200, {}), json(200, {})];
    const asked = vi.fn();
    const stop = onSignInAsked(asked);

    const both = Promise.all([ok(api.GET("/api/v1/version")), ok(api.GET("/api/v1/version"))]);
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    await vi.waitFor(() => expect(isAskingToSignIn()).toBe(true));
    await new Promise((resolve) => queueMicrotask(() => resolve(null)));
    answerSignInAgain(true);
    await both;

    expect(asked.mock.calls.filter(([isAsking]) => isAsking === true)).toHaveLength(1);
    stop();
  });

  it("gives the refusal back when the person leaves", async () => {
    answers = [ended()];
    const pending = create();
    await vi.waitFor(() => expect(isAskingToSignIn()).toBe(true));
    answerSignInAgain(false);

    await expect(pending).rejects.toMatchObject({ status: 401, code: "sign-in-needed" });
    expect(sent).toHaveLength(1);
  });

  it("is not suspected when signing in fails", async () => {
    answers = [json(401, { code: "sign-in-failed", detail: "Email or password is wrong." })];

    await expect(
      ok(api.POST("/api/v1/auth/login", { body: { email: "a", password: "b" } })),
    ).rejects.toMatchObject({ code: "sign-in-failed" });
    expect(isAskingToSignIn()).toBe(false);
  });
});

it("a lost connection is a problem of its own", async () => {
  vi.stubGlobal("fetch", async () => {
    throw new TypeError("Failed to fetch");
  });
  await expect(create()).rejects.toMatchObject({ code: "network", status: 0 });
});
