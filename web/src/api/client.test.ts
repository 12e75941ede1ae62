import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { api, ok } from "./client";
import {
  answerSignInAgain,
  isAskingToSignIn,
  leave,
  onEnrolmentNeeded,
  onSignInAsked,
  setSessionKnown,
} from "./session";
import { stepUp } from "./stepUp";

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
afterEach(async () => {
  vi.unstubAllGlobals();
  // A page that could not be left is there again.
  await leave(() => Promise.reject(new Error("network"))).catch(() => undefined);
});

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

  it("tells nothing of it to the page that the person leaves", async () => {
    const assign = vi.fn();
    vi.stubGlobal("location", { ...window.location, assign });
    answers = [new Response(null, { status: 204 }), ended()];
    const told = vi.fn();
    let unanswered: Promise<unknown> = Promise.resolve();
    await leave(async () => {
      await ok(api.POST("/api/v1/auth/logout"));
      // The box has let go of the session, and the page does not know yet.
      unanswered = create().then(told, told);
      await vi.waitFor(() => expect(sent).toHaveLength(2));
    });

    expect(assign.mock.calls).toEqual([["/sign-in"]]);
    await Promise.race([unanswered, new Promise((resolve) => setTimeout(resolve, 20))]);
    expect(told).not.toHaveBeenCalled();
    expect(isAskingToSignIn()).toBe(false);
  });

  it("still asks where signing out failed", async () => {
    await expect(leave(() => Promise.reject(new Error("network")))).rejects.toThrow("network");
    answers = [ended(), json(201, { id: "1" })];
    const pending = create();
    await vi.waitFor(() => expect(isAskingToSignIn()).toBe(true));
    answerSignInAgain(true);
    await pending;
  });

  it("is not suspected when signing in fails", async () => {
    answers = [json(401, { code: "sign-in-failed", detail: "Email or password is wrong." })];

    await expect(
      ok(api.POST("/api/v1/auth/login", { body: { email: "a", password: "b" } })),
    ).rejects.toMatchObject({ code: "sign-in-failed" });
    expect(isAskingToSignIn()).toBe(false);
  });
});

const needed = () =>
  json(403, { code: "step-up-needed", detail: "Prove it.", methods: ["backup", "totp", "smoke"] });

describe("a request that needs a fresh factor", () => {
  it("asks once for all of them and sends each again as it was", async () => {
    answers = [needed(), needed(), json(201, { id: "1" }), json(201, { id: "2" })];

    const both = Promise.all([create(), create()]);
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    await vi.waitFor(() => expect(stepUp.question()).toEqual(["totp", "backup"]));
    stepUp.answer(true);
    await both;

    expect(sent).toHaveLength(4);
    expect(sent[3]?.headers.get("idempotency-key")).toBe("k-1");
    expect(await sent[3]?.json()).toEqual({ name: "Printer", expires_in_days: 7 });
    expect(stepUp.question()).toBeNull();
  });

  it("is called off without another try and without a word", async () => {
    answers = [needed()];
    const pending = create();
    await vi.waitFor(() => expect(stepUp.question()).not.toBeNull());
    stepUp.answer(false);

    await expect(pending).rejects.toMatchObject({ code: "cancelled" });
    expect(sent).toHaveLength(1);
  });

  it("waits for signing in first where the session has ended too", async () => {
    answers = [ended(), needed(), json(201, { id: "1" })];
    const pending = create();
    await vi.waitFor(() => expect(isAskingToSignIn()).toBe(true));
    answerSignInAgain(true);
    await vi.waitFor(() => expect(stepUp.question()).not.toBeNull());
    stepUp.answer(true);

    await pending;
    expect(sent).toHaveLength(3);
  });

  it("does not ask for ever when the box goes on refusing", async () => {
    answers = [needed(), needed(), needed()];
    const pending = create();
    for (const sends of [1, 2]) {
      await vi.waitFor(() => expect(sent).toHaveLength(sends));
      await vi.waitFor(() => expect(stepUp.question()).not.toBeNull());
      stepUp.answer(true);
    }

    await expect(pending).rejects.toMatchObject({ code: "step-up-needed" });
    expect(stepUp.question()).toBeNull();
  });
});

it("tells that a second factor has to be set up, and gives the refusal back", async () => {
  answers = [json(403, { code: "mfa-enrolment-needed", detail: "Set one up." })];
  const told = vi.fn();
  const stop = onEnrolmentNeeded(told);

  await expect(create()).rejects.toMatchObject({ code: "mfa-enrolment-needed" });
  expect(told).toHaveBeenCalledOnce();
  stop();
});

it("a lost connection is a problem of its own", async () => {
  vi.stubGlobal("fetch", async () => {
    throw new TypeError("Failed to fetch");
  });
  await expect(create()).rejects.toMatchObject({ code: "network", status: 0 });
});
