import { afterEach, describe, expect, it } from "vitest";
import { bareToken, takeToken } from "./linkToken";

afterEach(() => window.history.replaceState(null, "", "/"));

describe("a link's token", () => {
  it("is taken out of the address", () => {
    window.history.replaceState(null, "", "/invitation?language=en#token=abc%2Bd");
    expect(takeToken()).toBe("abc+d");
    expect(window.location.href).toMatch(/\/invitation\?language=en$/);
    expect(takeToken()).toBe("");
  });

  it("is read from a pasted link and from a pasted token", () => {
    expect(bareToken(" https://box:8443/reset#token=abc ")).toBe("abc");
    expect(bareToken("abc")).toBe("abc");
    expect(bareToken("https://box/x#token=%E0%A4%A")).toBe("%E0%A4%A");
  });
});
