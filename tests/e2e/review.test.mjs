// The security review: what is found, kept with a note, and read again.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, PERSON, startBrowser } from "./support/browser.mjs";
import { looksWell } from "./support/looks.mjs";
import { openScreen } from "./support/screens.mjs";

const NOTE = "Ana sets up the backups by Friday.";

describe("the security review", () => {
  let box, browser, page;

  before(async () => {
    [box, browser] = await Promise.all([startBox(), startBrowser()]);
    ({ page } = await openWindow(browser, box, { reducedMotion: "reduce" }));
    await claim(page, box);
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  test("says the worst first and what to do about it", async () => {
    await openScreen(page, "/box/review");
    await page.getByText("No review was kept yet.").waitFor();
    const found = page.getByRole("list", { name: "What is found now" });
    const first = await found.getByRole("listitem").first().innerText();
    assert.match(first, /bad/);
    assert.match(first, /What to do:/);
    await looksWell(page, "review", { fullPage: true });
  });

  test("finds an address among all by what it asks", async () => {
    await page.getByRole("searchbox", { name: "Search addresses" }).fill("security-rev");
    const rows = page.getByRole("group", { name: "Who may call what" }).getByRole("row");
    await rows.nth(5).waitFor({ state: "detached" });
    assert.match(await rows.nth(1).innerText(), /GET\s+\/api\/v1\/security-review\s+box.operate/);
    await page.getByRole("searchbox", { name: "Search addresses" }).fill("no such address");
    await page.getByText("No address like this.").waitFor();
  });

  test("is kept with a note and stands among the earlier ones", async () => {
    await page.getByRole("button", { name: "Keep this review" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Note").fill(NOTE);
    await looksWell(page, "review-keep");
    await dialog.getByRole("button", { name: "Keep", exact: true }).click();
    await page.getByText("The review is kept.").waitFor();
    const earlier = page.getByRole("list", { name: "Earlier reviews" });
    await earlier.getByText(NOTE).waitFor();
    await earlier.getByText(PERSON.name).waitFor();
    await earlier.getByRole("button", { name: /Show the review/ }).click();
    const shown = page.getByRole("dialog", { name: /Review of/ });
    await shown.getByText(NOTE).waitFor();
    await shown.getByText("Nobody has set up backups.").waitFor();
    await looksWell(page, "review-kept");
  });
});
