// A workspace whose file is damaged: it says so, is not taken for a lost connection, and comes back.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { closeSync, openSync, readSync, statSync, writeSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { BINARY, startBox } from "./support/box.mjs";
import { ask, becomes, claim, openWindow, startBrowser } from "./support/browser.mjs";
import { items, itemsCsv } from "./support/pantry.mjs";
import { openScreen } from "./support/screens.mjs";

const run = promisify(execFile);
const PAGE_BYTES = 4096;
const LOG_HEAD_BYTES = 32;
const FRAME_HEAD_BYTES = 24;
const LEAVES = [0x0d, 0x0a];
/** Longer than a stream may be away before a banner says that the connection is lost. */
const GRACE_MS = 6_000;

describe("a damaged workspace", () => {
  let box, browser, page, faults, kitchen, folder, kit;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-e2e-damage-"));
    const disk = join(folder, "disk");
    kit = join(folder, "kit.txt");
    await mkdir(disk);
    [box, browser] = await Promise.all([startBox(), startBrowser()]);
    ({ page, faults } = await openWindow(browser, box, { reducedMotion: "reduce" }));
    kitchen = await claim(page, box);
    await kitchen.import("items", itemsCsv(items(60)));
    await run(BINARY, ["backup", "kit", "create", "--out", kit, "--data", box.data]);
    await ask(page, "POST", "/api/v1/backup-targets", {
      name: "Office disk",
      kind: "folder",
      settings: { path: disk },
    });
    await ask(page, "POST", "/api/v1/backups");
    const level = async () => (await ask(page, "GET", "/api/v1/backups")).items[0]?.level;
    await becomes(level, "verified", "the backup was not proved");
    const file = join(box.data, "workspaces", `${kitchen.id}.db`);
    spoil(file, PAGE_BYTES, PAGE_BYTES);
    // What was written last lies in the log.
    spoil(`${file}-wal`, LOG_HEAD_BYTES + FRAME_HEAD_BYTES, PAGE_BYTES + FRAME_HEAD_BYTES);
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  const said = () => page.getByText(/The file of this workspace is damaged: it can only be read/);

  test("says so above every screen, and that nothing can be changed", async () => {
    const found = async () => {
      await kitchen.get("/items?limit=200").catch(() => undefined);
      return Boolean((await ask(page, "GET", "/api/v1/me")).workspaces[0].damaged_at);
    };
    await becomes(found, true, "the damage was not noticed");
    await openScreen(page, `${kitchen.home}/inventory/items/new`);
    await said().waitFor();
    await page.getByText("Nothing can be changed here now").waitFor();
    await page.getByText("Not live").waitFor();
  });

  test("is not taken for a lost connection", async () => {
    await page.waitForTimeout(GRACE_MS);
    assert.equal(await page.getByText(/connection to the box is lost/).count(), 0);
  });

  test("comes back from there, and promises no undo", async () => {
    await page.getByRole("link", { name: "Restore it" }).click();
    const dialog = page.getByRole("dialog", { name: "Restore from a backup" });
    await dialog.locator("input[type=file]").setInputFiles(kit);
    await dialog.getByRole("button", { name: "Look what is in it" }).click();
    const inPlace = dialog.getByRole("radio", { name: /^In its place/ });
    await inPlace.waitFor();
    assert.ok(await inPlace.isChecked());
    await dialog.getByText(/What is there now is damaged/).waitFor();
    await dialog.getByRole("button", { name: "Restore", exact: true }).click();
    const asks = page.getByRole("dialog", { name: /^Put “/ });
    await asks.getByText(/this cannot be undone/).waitFor();
    await asks.getByRole("textbox").fill("Harbour kitchen");
    await asks.getByRole("button", { name: "Replace it" }).click();
    await dialog.getByText("“Harbour kitchen” is back").waitFor();
    assert.equal(await dialog.getByText(/It can be undone/).count(), 0);
    await dialog.getByRole("link", { name: "Open workspace" }).click();
    await page.getByText("Live", { exact: true }).waitFor();
    assert.equal(await said().count(), 0);
    await openScreen(page, `${kitchen.home}/inventory/items?q=Salmon`);
    await page.getByText("Salmon fillet").first().waitFor();
    await openScreen(page, "/box/backups");
    await page.getByText(/it is kept as workspaces\/kept\//).waitFor();
    assert.deepEqual(faults, []);
  });
});

/** Fills every other leaf of tables and indexes, in place, as a broken disk does. */
function spoil(path, first, step) {
  const file = openSync(path, "r+");
  const kind = Buffer.alloc(1);
  let leaves = 0;
  for (let at = first; at < statSync(path).size; at += step) {
    readSync(file, kind, 0, 1, at);
    if (!LEAVES.includes(kind[0])) continue;
    leaves += 1;
    if (leaves % 2 === 1) writeSync(file, Buffer.alloc(PAGE_BYTES, 0x5a), 0, PAGE_BYTES, at);
  }
  closeSync(file);
}
