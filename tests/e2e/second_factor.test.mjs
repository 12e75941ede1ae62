// A password alone is not enough: enrolment, signing in with a code and with one from paper.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, PERSON, startBrowser } from "./support/browser.mjs";
import { codeOf, stepNow } from "./support/totp.mjs";

const TRIES_MAX = 5;

describe("a second factor", () => {
  let box, browser, page, other, secret, codes, step;

  before(async () => {
    box = await startBox();
    browser = await startBrowser();
    [page, other] = await Promise.all(
      [1, 2].map(() => openWindow(browser, box, { reducedMotion: "reduce" })),
    );
    await claim(page.page, box);
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  test("is announced with its date, and is all there is once that has passed", async () => {
    const { page: tab, context } = page;
    await tab.goto("/");
    const banner = tab.getByRole("complementary", { name: "A second factor is needed" });
    await banner.getByText(/by \d+ \w+ \d{4}/).waitFor();

    // The box's clock cannot be moved here: what it would say of the person is put in its mouth.
    await context.route("**/api/v1/me", async (route) => {
      const answer = await route.fetch();
      const me = await answer.json();
      await route.fulfill({ json: { ...me, mfa: { ...me.mfa, must_enrol: true } } });
    });
    await tab.goto("/box/users");
    await tab.getByRole("heading", { name: "Set up a second factor" }).waitFor();
    await tab.getByRole("button", { name: "Sign out" }).waitFor();
    assert.equal(await tab.getByRole("navigation").count(), 0, "there is a way round it");
    await context.unroute("**/api/v1/me");
    await tab.goto("/");
    await banner.getByRole("link", { name: "Set up" }).click();
  });

  test("is set up with an app, and leaves ten codes on paper", async () => {
    const { page: tab } = page;
    const section = tab.getByRole("region", { name: "Second factor" });
    await section.getByRole("button", { name: "Set up" }).click();
    const dialog = tab.getByRole("dialog", { name: "Set up an authenticator app" });
    await dialog.getByRole("img", { name: /Square code/ }).waitFor();
    secret = await dialog.locator("code").textContent();
    step = stepNow();
    await dialog.getByLabel("Code from your app").fill(codeOf(secret, step - 9));
    await dialog.getByRole("button", { name: "Turn it on" }).click();
    await dialog.getByRole("alert").first().waitFor();

    step = stepNow();
    await dialog.getByLabel("Code from your app").fill(spaced(codeOf(secret, step)));
    await tab.keyboard.press("Enter");
    const paper = tab.getByRole("dialog", { name: "Backup codes" });
    await paper.getByRole("button", { name: "I have kept them" }).waitFor();
    codes = await paper.getByRole("listitem").allTextContents();
    const download = tab.waitForEvent("download");
    await paper.getByRole("button", { name: "Download" }).click();
    const file = await textOf(await download);

    assert.equal(new Set(codes).size, 10);
    for (const code of codes) assert.ok(file.includes(code), "a code is not in the file");
    await tab.keyboard.press("Escape");
    await paper.getByRole("button", { name: "I have kept them" }).click();
    await section.getByText("on", { exact: true }).waitFor();
    await section.getByText(/^10 left/).waitFor();
    await tab
      .getByRole("complementary", { name: "A second factor is needed" })
      .waitFor({ state: "detached" });
  });

  test("is asked for after the password, and a code works once", async () => {
    const { page: tab } = page;
    await tab.getByRole("button", { name: "Sign out", exact: true }).click();
    await tab.getByLabel("Email").waitFor();
    await password(tab);
    await code(tab, "Code from your app", codeOf(secret, step));
    await tab.getByRole("alert").first().waitFor();
    await code(tab, "Code from your app", spaced(codeOf(secret, Math.max(step + 1, stepNow()))));

    await tab.getByRole("heading", { name: "Today", level: 1 }).waitFor();
  });

  test("can be one from paper, however it is typed, and only once", async () => {
    const { page: tab, context } = other;
    await password(tab);
    await tab.getByRole("button", { name: "Use a backup code" }).click();
    await code(tab, "Backup code", codes[3].toLowerCase().replaceAll("-", " "));
    await tab.getByRole("heading", { name: "Today", level: 1 }).waitFor();

    await context.clearCookies();
    await password(tab);
    await tab.getByRole("button", { name: "Use a backup code" }).click();
    await code(tab, "Backup code", codes[3]);
    await tab.getByText("This code was used already. Take another.").first().waitFor();
    assert.equal(await tab.getByRole("heading", { name: "Today" }).count(), 0);
  });

  test("sends back to the password after too many wrong codes", async () => {
    const { page: tab } = other;
    await password(tab);
    for (let tries = 0; tries <= TRIES_MAX; tries += 1) {
      const answered = tab.waitForResponse("**/api/v1/auth/mfa/totp");
      await code(tab, "Code from your app", "000000");
      await answered;
      await tab.locator("button[data-loading]").waitFor({ state: "detached" });
    }
    await tab.getByLabel("Password", { exact: true }).waitFor();
    assert.equal(await tab.getByLabel("Email").inputValue(), PERSON.email);
  });

  test("proves once more that it is still the same person", async () => {
    const { page: tab, context } = page;
    await tab.goto("/account");
    let sent = 0;
    await context.route("**/api/v1/me/mfa/backup-codes", async (route) => {
      sent += 1;
      if (sent > 1) return route.fallback();
      const methods = ["totp", "backup"];
      const body = JSON.stringify({ code: "step-up-needed", status: 403, methods });
      await route.fulfill({ status: 403, contentType: "application/problem+json", body });
    });
    await tab.getByRole("button", { name: "New codes" }).click();
    await tab.getByRole("dialog").getByRole("button", { name: "New codes" }).click();
    const asks = tab.getByRole("dialog", { name: "Is it still you?" });
    await asks.getByLabel("Code").fill(codes[5]);
    await tab.keyboard.press("Enter");

    const paper = tab.getByRole("dialog", { name: "Backup codes" });
    await paper.getByRole("button", { name: "I have kept them" }).waitFor();
    const fresh = await paper.getByRole("listitem").allTextContents();
    assert.equal(
      fresh.some((one) => codes.includes(one)),
      false,
    );
    assert.equal(sent, 2);
  });

  test("met no fault of the page", () => assert.deepEqual([...page.faults, ...other.faults], []));
});

async function password(tab) {
  await tab.goto("/sign-in");
  await tab.getByLabel("Email").fill(PERSON.email);
  await tab.getByLabel("Password", { exact: true }).fill(PERSON.password);
  await tab.getByRole("button", { name: "Sign in" }).click();
  await tab.getByLabel("Code from your app").waitFor();
}

async function code(tab, label, text) {
  await tab.getByLabel(label).fill(text);
  await tab.getByRole("button", { name: "Go on" }).click();
}

function spaced(code) {
  return `${code.slice(0, 3)} ${code.slice(3)}`;
}

async function textOf(download) {
  const chunks = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}
