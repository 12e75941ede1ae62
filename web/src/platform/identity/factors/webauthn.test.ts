import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { choosePasskey, isPasskeyPlace, makePasskey, passkeysWork } from "./webauthn";

class Key {
  static parseRequestOptionsFromJSON = (options: unknown) => options;
  static parseCreationOptionsFromJSON = (options: unknown) => options;
  toJSON() {
    return { id: "one", response: {} };
  }
}
const asked = { challenge: "abc", rp: { id: "box.internal" }, user: { id: "AA" } };
const get = vi.fn();
const create = vi.fn();

beforeEach(() => {
  vi.stubGlobal("PublicKeyCredential", Key);
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("navigator", { credentials: { get, create } });
});
afterEach(() => vi.unstubAllGlobals());

it("gives what the device answered", async () => {
  get.mockResolvedValue(new Key());

  expect(await choosePasskey(asked)).toEqual({
    kind: "answered",
    credential: { id: "one", response: {} },
  });
});

it("tells a closed window from a device that is known already", async () => {
  create.mockRejectedValueOnce(new DOMException("", "NotAllowedError"));
  expect(await makePasskey(asked)).toEqual({ kind: "closed" });

  create.mockRejectedValueOnce(new DOMException("", "InvalidStateError"));
  expect(await makePasskey(asked)).toEqual({ kind: "known" });

  create.mockResolvedValueOnce(null);
  expect(await makePasskey(asked)).toEqual({ kind: "closed" });
});

it("hides no other fault", async () => {
  get.mockRejectedValueOnce(new DOMException("", "SecurityError"));
  await expect(choosePasskey(asked)).rejects.toThrow();
  await expect(choosePasskey({})).rejects.toThrow("no challenge");
  await expect(makePasskey({ challenge: "abc" })).rejects.toThrow("no challenge");
});

it("needs a safe page, a browser that can, and the right origin", () => {
  expect(passkeysWork()).toBe(true);
  vi.stubGlobal("isSecureContext", false);
  expect(passkeysWork()).toBe(false);

  expect(isPasskeyPlace("https://box.internal", "https://box.internal")).toBe(true);
  expect(isPasskeyPlace("https://box.internal", "https://192.168.1.5")).toBe(false);
  expect(isPasskeyPlace(null, "https://192.168.1.5")).toBe(false);
});
