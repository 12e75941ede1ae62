// The doctor: what is found stands first with its command, and what is safe is mended by a click.
import assert from "node:assert/strict";
import { chmodSync, statSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, startBrowser } from "./support/browser.mjs";
import { looksWell } from "./support/looks.mjs";
import { openScreen } from "./support/screens.mjs";

describe("the doctor", () => {
  let box, browser, page;

  before(async () => {
    [box, browser] = await Promise.all([startBox(), startBrowser()]);
    ({ page } = await openWindow(browser, box, { reducedMotion: "reduce" }));
    await claim(page, box);
    chmodSync(`${box.data}/tls`, 0o755);
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  test("says the worst first, with the command and the place in the manual", async () => {
    await openScreen(page, "/box/doctor");
    const modes = modesFound(page);
    await modes.getByText("Others may at tls (755).").waitFor();
    await modes.getByText(/holdfast doctor --fix --only modes-open/).waitFor();
    const manual = modes.getByRole("link", { name: /modes-open/ });
    assert.equal(
      await manual.getAttribute("href"),
      "/help/troubleshooting#modes-open",
    );
    await looksWell(page, "doctor", { fullPage: true });
  });

  test("mends what is safe after asking, and looks again", async () => {
    const modes = modesFound(page);
    await modes.getByRole("button", { name: "Fix" }).click();
    const dialog = page.getByRole("dialog", { name: "Mend this?" });
    await looksWell(page, "doctor-mend");
    await dialog.getByRole("button", { name: "Fix" }).click();
    await page.getByText("Done: 1").waitFor();
    await modes.waitFor({ state: "detached" });
    assert.equal(statSync(`${box.data}/tls`).mode & 0o777, 0o700);
  });

  test("hands out a support bundle", async () => {
    const waiting = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download support bundle" }).click();
    assert.equal(
      (await waiting).suggestedFilename(),
      "holdfast-support.tar.zst",
    );
  });
});

/** What the list of faults says about modes. */
function modesFound(page) {
  return page
    .getByRole("list", { name: "What is found", exact: true })
    .getByRole("listitem")
    .filter({ hasText: "Modes of the data" })
    .first();
}
