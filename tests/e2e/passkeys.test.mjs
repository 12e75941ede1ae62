// Passkeys on a name of the local network whose certificate the browser really trusts, by a device
// that the browser itself simulates.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { becomes, claim, openWindow, PERSON, startBrowser } from "./support/browser.mjs";
import { canTrust, freePort, homeThatTrusts } from "./support/trust.mjs";

const NAME = "harbour.internal";
const missing = canTrust() ? false : "certutil is missing; install it: apt install libnss3-tools";
if (missing) console.error(`SKIPPED: passkeys in a browser, because ${missing}`);

describe("a passkey", { skip: missing }, () => {
  let box, trusting, browser, page, tab, device, codes;

  before(async () => {
    box = await startBox({ name: NAME, port: await freePort() });
    trusting = await homeThatTrusts(box);
    browser = await startBrowser({ home: trusting.home, name: NAME });
    page = await openWindow(browser, box, { reducedMotion: "reduce", ignoreHTTPSErrors: false });
    tab = page.page;
    device = await Device.in(page);
    await claim(tab, box);
  });
  after(async () => {
    await browser?.close();
    await trusting?.remove();
    await box?.stop();
  });

  test("is set up after the window was closed once, and brings backup codes", async () => {
    await tab.goto("/account");
    const section = tab.getByRole("region", { name: "Second factor" });
    await section.getByRole("button", { name: "Add a passkey" }).click();
    const dialog = tab.getByRole("dialog", { name: "Add a passkey" });
    assert.match(await dialog.getByLabel("Name").inputValue(), /Linux/);
    await dialog.getByLabel("Name").fill("Galley phone");
    await device.set("WebAuthn.setUserVerified", { isUserVerified: false });
    await tab.keyboard.press("Enter");
    await dialog.getByText("No passkey came back").waitFor();

    await device.set("WebAuthn.setUserVerified", { isUserVerified: true });
    await dialog.getByRole("button", { name: "Go on" }).click();
    const paper = tab.getByRole("dialog", { name: "Backup codes" });
    await paper.getByRole("button", { name: "I have kept them" }).click();

    await section.getByText("Galley phone").waitFor();
    await section.getByText(/^10 left/).waitFor();
    const [made] = await device.passkeys();
    assert.equal(made.rpId, NAME);
  });

  test("is not made twice by one device", async () => {
    const section = tab.getByRole("region", { name: "Second factor" });
    await section.getByRole("button", { name: "Add a passkey" }).click();
    const dialog = tab.getByRole("dialog", { name: "Add a passkey" });
    await dialog.getByRole("button", { name: "Go on" }).click();
    await dialog.getByText("has a passkey for you already").waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    assert.equal((await device.passkeys()).length, 1);
  });

  test("signs in after the password", async () => {
    await signOut(tab);
    await password(tab);
    await tab.getByRole("button", { name: "Use a passkey" }).click();

    await tab.getByRole("heading", { name: "Today", level: 1 }).waitFor();
    await tab.goto("/account");
    await tab.getByText(/^since .* · used /).waitFor();
  });

  test("proves once more that it is still the same person", async () => {
    let sent = 0;
    await page.context.route("**/api/v1/me/mfa/backup-codes", async (route) => {
      sent += 1;
      if (sent > 1) return route.fallback();
      const methods = ["backup", "passkey"];
      const body = JSON.stringify({ code: "step-up-needed", status: 403, methods });
      await route.fulfill({ status: 403, contentType: "application/problem+json", body });
    });
    await tab.getByRole("button", { name: "New codes" }).click();
    await tab.getByRole("dialog").getByRole("button", { name: "New codes" }).click();
    const asks = tab.getByRole("dialog", { name: "Is it still you?" });
    await asks.getByRole("button", { name: "Use a passkey" }).click();

    const paper = tab.getByRole("dialog", { name: "Backup codes" });
    const kept = paper.getByRole("button", { name: "I have kept them" });
    await kept.waitFor();
    codes = await paper.getByRole("listitem").allTextContents();
    await kept.click();
    assert.equal(sent, 2);
    await page.context.unroute("**/api/v1/me/mfa/backup-codes");
  });

  test("is called otherwise", async () => {
    await act(tab, "Galley phone", "Rename");
    const dialog = tab.getByRole("dialog", { name: "Rename Galley phone" });
    await dialog.getByRole("textbox", { name: "Name" }).fill("Spare phone");
    await dialog.getByRole("button", { name: "Save name" }).click();
    await tab.getByText("Spare phone", { exact: true }).waitFor();
  });

  test("does not work by address, where the name is told instead", async () => {
    const origin = `https://127.0.0.1:${box.port}`;
    const byAddress = await openWindow(browser, { ...box, origin }, { reducedMotion: "reduce" });
    const { page: other } = byAddress;
    await password(other);
    await other.getByRole("button", { name: "Use a passkey" }).click();
    const link = other.getByRole("link", { name: box.origin });
    assert.equal(await link.getAttribute("href"), `${box.origin}/sign-in`);
    assert.deepEqual(byAddress.faults, []);
    await byAddress.context.close();
  });

  test("of which a copy shows up is refused and stopped", async () => {
    await signOut(tab);
    await password(tab);
    const [known] = await device.passkeys();
    await device.becomeCopy({ ...known, signCount: 1 });
    await tab.getByRole("button", { name: "Use a passkey" }).click();
    await tab.getByText("There seems to be a copy of this passkey").waitFor();
    assert.equal(await tab.getByRole("heading", { name: "Today" }).count(), 0);
  });

  test("shows why it was stopped to whoever comes in otherwise, and is removed", async () => {
    await tab.getByRole("button", { name: "Use a backup code" }).click();
    await tab.getByLabel("Backup code").fill(codes[0]);
    await tab.getByRole("button", { name: "Go on" }).click();
    await tab.getByRole("heading", { name: "Today", level: 1 }).waitFor();
    await tab.goto("/account");
    await tab.getByText(/seems to be a copy of it, so it opens nothing/).waitFor();
    await act(tab, "Spare phone", "Remove");
    const dialog = tab.getByRole("dialog", { name: "Remove the passkey Spare phone?" });
    await dialog.getByText("your role needs one").waitFor();
    await dialog.getByRole("button", { name: "Remove" }).click();

    await tab.getByText("Spare phone", { exact: true }).waitFor({ state: "detached" });
    await tab.getByRole("complementary", { name: "A second factor is needed" }).waitFor();
  });

  test("met no fault of the page", () => assert.deepEqual(page.faults, []));
});

/** What the browser simulates: it keeps passkeys, and somebody always touches it. */
class Device {
  static async in({ context, page }) {
    const device = new Device();
    device.devtools = await context.newCDPSession(page);
    await device.devtools.send("WebAuthn.enable", { enableUI: false });
    await device.plugIn();
    return device;
  }

  async plugIn() {
    const options = {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    };
    const made = await this.devtools.send("WebAuthn.addVirtualAuthenticator", { options });
    this.authenticatorId = made.authenticatorId;
  }

  set(what, values) {
    return this.devtools.send(what, { authenticatorId: this.authenticatorId, ...values });
  }

  async passkeys() {
    return (await this.set("WebAuthn.getCredentials", {})).credentials;
  }

  /** Another device with the same key, whose count is behind. */
  async becomeCopy(credential) {
    await this.set("WebAuthn.removeVirtualAuthenticator", {});
    await this.plugIn();
    await this.set("WebAuthn.addCredential", { credential });
    await becomes(async () => (await this.passkeys()).length, 1);
  }
}

async function act(tab, name, action) {
  await tab.getByRole("button", { name: `More about ${name}` }).click();
  await tab.getByRole("menuitem", { name: action }).click();
}

async function password(tab) {
  await tab.goto("/sign-in");
  await tab.getByLabel("Email").fill(PERSON.email);
  await tab.getByLabel("Password", { exact: true }).fill(PERSON.password);
  await tab.getByRole("button", { name: "Sign in" }).click();
  await tab.getByRole("button", { name: "I lost my device" }).waitFor();
}

async function signOut(tab) {
  await tab.goto("/account");
  await tab.getByRole("button", { name: "Sign out", exact: true }).click();
  await tab.getByLabel("Email").waitFor();
}
