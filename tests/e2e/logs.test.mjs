// What the box wrote into its log, read in the browser: searched, narrowed to one request, watched
// as it comes; and how stable the box is.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import {
  ask,
  becomes,
  claim,
  openWindow,
  startBrowser,
} from "./support/browser.mjs";
import { looksWell } from "./support/looks.mjs";
import { openScreen } from "./support/screens.mjs";

describe("the log", () => {
  let box, browser, owner;

  before(async () => {
    box = await startBox();
    browser = await startBrowser();
    owner = await openWindow(browser, box, { reducedMotion: "reduce" });
    await claim(owner.page, box);
  });

  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  test("lines are searched and narrowed to a request, and the set-up link is in none", async () => {
    const { page } = owner;
    await openScreen(page, "/box/logs");
    const rows = page.getByRole("row");
    await rows.nth(1).waitFor();
    await looksWell(page, "logs");
    await page
      .getByRole("textbox", { name: "Search the log" })
      .fill("open this link");
    const link = page.getByRole("row", { name: /Open this link once/ });
    await link.waitFor();
    assert.match(await link.textContent(), /#token=…/);
    await page
      .getByRole("textbox", { name: "Search the log" })
      .fill("setup 201");
    await page.getByRole("row", { name: /POST \/api\/v1\/setup 201/ }).click();
    await page
      .getByRole("button", { name: "All lines of this request" })
      .waitFor();
    await looksWell(page, "logs-line");
    await page
      .getByRole("button", { name: "All lines of this request" })
      .click();
    await becomes(
      async () => new URL(page.url()).searchParams.has("request"),
      true,
      "the request stands in the address",
    );
    await becomes(() => rows.count(), 2, "a heading and one line");
  });

  test("lines come by themselves while somebody watches", async () => {
    const { page } = owner;
    await openScreen(page, "/box/logs");
    await page
      .getByRole("textbox", { name: "Search the log" })
      .fill("v1/workspaces 200");
    await page.getByRole("switch", { name: "Live" }).check({ force: true });
    await ask(page, "GET", "/api/v1/workspaces");
    await page
      .getByRole("row", { name: /GET \/api\/v1\/workspaces 200/ })
      .first()
      .waitFor();
  });

  test("the system screen says how stable the box is", async () => {
    const { page } = owner;
    await openScreen(page, "/system");
    await page.getByText(/\d+ of 100/).waitFor();
    for (const part of ["Speed of answers", "Availability", "Jobs that failed"])
      await page.getByText(part, { exact: true }).waitFor();
    await looksWell(page, "system-stability", { fullPage: true });
  });
});
