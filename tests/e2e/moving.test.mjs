// A workspace goes out into a file and comes back in from it, by the screens.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import {
  claim,
  openWindow,
  startBrowser,
  WORKSPACE,
} from "./support/browser.mjs";
import { looksWell } from "./support/looks.mjs";
import { items, itemsCsv } from "./support/pantry.mjs";
import { openScreen } from "./support/screens.mjs";

const WORDS = "lantern otter mosaic drizzle";
const JOB_MS_MAX = 60_000;

describe("a workspace that moves", () => {
  let box, browser, page, first, folder, file, fingerprint;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-e2e-moving-"));
    [box, browser] = await Promise.all([startBox(), startBrowser()]);
    ({ page } = await openWindow(browser, box, {
      reducedMotion: "reduce",
      acceptDownloads: true,
    }));
    first = await claim(page, box);
    await first.import("items", itemsCsv(items(20)));
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  const looks = (name) => looksWell(page, name);

  test("is written into a file that a passphrase opens", async () => {
    await openScreen(page, `${first.home}/settings`);
    await looks("moving-settings");
    await page.getByRole("button", { name: "Export the workspace" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Whoever knows a passphrase").waitFor();
    await dialog.getByLabel("Passphrase", { exact: true }).fill("password1234");
    await dialog.getByRole("button", { name: "Write the file" }).click();
    await dialog.getByText("Many people use this password").first().waitFor();
    await looks("moving-export-refused");
    await dialog.getByLabel("Passphrase", { exact: true }).fill(WORDS);
    await dialog.getByRole("button", { name: "Write the file" }).click();
    const link = dialog.getByRole("link", { name: "Download" });
    await link.waitFor({ timeout: JOB_MS_MAX });
    fingerprint = await dialog.locator("code").innerText();
    assert.match(fingerprint, /^([0-9a-f]{4} ){7}[0-9a-f]{4}$/);
    await looks("moving-export-ready");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      link.click(),
    ]);
    file = join(folder, download.suggestedFilename());
    await download.saveAs(file);
    const head = (await readFile(file)).subarray(0, 21).toString();
    assert.equal(head, "age-encryption.org/v1");
  });

  test("is looked into before it comes in, and stands beside the first", async () => {
    await openScreen(page, "/workspaces");
    await page.getByRole("button", { name: "Import a workspace" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Choose the exported file" }).waitFor();
    await looks("moving-import");
    await dialog.locator("input[type=file]").setInputFiles(file);
    await dialog.getByLabel("Passphrase", { exact: true }).fill("these are other words");
    await dialog.getByRole("button", { name: "Look into it" }).click();
    await dialog
      .getByText("The key or the passphrase does not open it")
      .waitFor({ timeout: JOB_MS_MAX });
    await looks("moving-import-refused");
    await dialog.getByRole("button", { name: "Back" }).click();
    await dialog.getByLabel("Passphrase", { exact: true }).fill(WORDS);
    await dialog.getByRole("button", { name: "Look into it" }).click();
    await dialog.getByText(fingerprint).waitFor({ timeout: JOB_MS_MAX });
    await looks("moving-import-found");
    const name = await dialog.getByLabel("Name", { exact: true }).inputValue();
    assert.equal(name, `${WORKSPACE} (imported)`);
    await dialog.getByLabel("Name", { exact: true }).fill("Moved in");
    await dialog.getByRole("button", { name: "Make the workspace" }).click();
    const open = dialog.getByRole("link", { name: "Open workspace" });
    await open.waitFor({ timeout: JOB_MS_MAX });
    await looks("moving-imported");
    await open.click();
    await page.getByRole("button", { name: "Workspace: Moved in" }).waitFor();
    await page.goto(`${new URL(page.url()).pathname}/inventory/items`);
    await page.getByText("Salmon fillet").first().waitFor();
  });
});
