// Photos and documents of an item: put there, seen, saved, removed.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, startBrowser } from "./support/browser.mjs";
import { looksWell } from "./support/looks.mjs";
import { openScreen, settled } from "./support/screens.mjs";

const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);
const NOTES = Buffer.from("Keep it cold.\n");
const PHONE = { width: 360, height: 740 };
const LARGE_BYTES = 16 * 1024 * 1024 + 1;

describe("files of an item", () => {
  let box, browser, page, faults, workspace, item;

  before(async () => {
    [box, browser] = await Promise.all([startBox(), startBrowser()]);
    ({ page, faults } = await openWindow(browser, box, {
      reducedMotion: "reduce",
      acceptDownloads: true,
    }));
    workspace = await claim(page, box);
    const made = await workspace.post("/items", { item_number: "S-1", name: "Salmon", unit: "kg" });
    item = `${workspace.home}/inventory/items/${made.id}`;
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  const section = () => page.getByRole("region", { name: "Photos and documents" });
  const shot = async (name) => {
    if (!process.env.SHOTS) return;
    await settled(page);
    await page.screenshot({ path: `${process.env.SHOTS}/${name}.png`, fullPage: true });
  };

  test("are put there by choosing them, and pictures are seen", async () => {
    await openScreen(page, item);
    await section()
      .getByText(/drop them here/)
      .waitFor();
    await shot("files-empty");
    await section()
      .locator("input[type=file]")
      .last()
      .setInputFiles([
        { name: "Lachs über alles.png", mimeType: "image/png", buffer: PNG },
        { name: "notes.txt", mimeType: "text/plain", buffer: NOTES },
      ]);
    await section().getByRole("link", { name: "notes.txt", exact: true }).waitFor();
    await section().getByText("Lachs über alles.png").waitFor();
    await page.waitForFunction(() =>
      [...document.querySelectorAll("img")].some((one) => one.naturalWidth === 1),
    );
    await shot("files-two");
  });

  test("say why one is not taken, and take the others", async () => {
    await section()
      .locator("input[type=file]")
      .last()
      .setInputFiles([
        { name: "film.mp4", mimeType: "video/mp4", buffer: Buffer.alloc(LARGE_BYTES) },
        { name: "nothing.txt", mimeType: "text/plain", buffer: Buffer.alloc(0) },
        { name: "price.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7\n") },
      ]);
    await section().getByText("larger than 16 MiB").waitFor();
    await section().getByText("is empty").waitFor();
    await section().getByRole("link", { name: "price.pdf", exact: true }).waitFor();
    await shot("files-refused");
    for (const left of [1, 0]) {
      await section().getByRole("button", { name: "Put away" }).first().click();
      assert.equal(await section().getByRole("button", { name: "Put away" }).count(), left);
    }
  });

  test("are seen small where they are photos, on the item, in its list and beside the items", async () => {
    const photo = await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(1200, 900);
      const pen = canvas.getContext("2d");
      const sea = pen.createLinearGradient(0, 0, 1200, 900);
      sea.addColorStop(0, "#f6b48f");
      sea.addColorStop(1, "#1d4f6e");
      pen.fillStyle = sea;
      pen.fillRect(0, 0, 1200, 900);
      const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.9 });
      return [...new Uint8Array(await blob.arrayBuffer())];
    });
    const other = await workspace.post("/items", { item_number: "C-1", name: "Cod", unit: "kg" });
    await openScreen(page, `${workspace.home}/inventory/items/${other.id}`);
    await section()
      .locator("input[type=file]")
      .last()
      .setInputFiles({ name: "cod.jpg", mimeType: "image/jpeg", buffer: Buffer.from(photo) });
    await section().getByRole("link", { name: "cod.jpg", exact: true }).waitFor();
    const small = page.locator('img[src$="/thumbnail"]');
    await page.waitForFunction(() => {
      const all = [...document.querySelectorAll('img[src$="/thumbnail"]')];
      return all.length === 2 && all.every((one) => one.naturalWidth === 320);
    });
    assert.equal(await small.last().getAttribute("width"), "44");
    const portrait = page.getByRole("link", { name: "cod.jpg" }).first();
    assert.match(await portrait.getAttribute("href"), /\/content$/);
    await looksWell(page, "files-photo", { fullPage: true });
    await page.setViewportSize(PHONE);
    const overflow = () =>
      page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.equal(await overflow(), 0);
    await shot("files-photo-360");
    await page.setViewportSize({ width: 1280, height: 800 });

    await openScreen(page, `${workspace.home}/inventory/items?panel=${other.id}`);
    await page.getByRole("complementary", { name: "Quick look" }).locator("img").waitFor();
    await looksWell(page, "files-quick-look");
    await openScreen(page, item);
  });

  test("are taken where they are dropped", async () => {
    const dropped = await page.evaluateHandle(() => {
      const data = new DataTransfer();
      data.items.add(new File(["from the desk"], "dropped.txt", { type: "text/plain" }));
      return data;
    });
    await section().dispatchEvent("dragenter", { dataTransfer: dropped });
    await section().dispatchEvent("drop", { dataTransfer: dropped });
    await section().getByRole("link", { name: "dropped.txt", exact: true }).waitFor();
  });

  test("are saved as they were, and removed when somebody says so", async () => {
    const download = page.waitForEvent("download");
    await section().getByRole("link", { name: "Download notes.txt" }).click();
    const saved = await download;
    assert.equal(saved.suggestedFilename(), "notes.txt");
    assert.deepEqual(await readFile(await saved.path()), NOTES);

    await section().getByRole("button", { name: "Remove notes.txt" }).click();
    const asks = page.getByRole("dialog", { name: "Remove “notes.txt”?" });
    await asks.getByText(/for good/).waitFor();
    await asks.getByRole("button", { name: "Remove" }).click();
    await page.getByText("Removed notes.txt").waitFor();
    await section()
      .getByRole("link", { name: "notes.txt", exact: true })
      .waitFor({ state: "detached" });
    assert.equal(await section().getByText("price.pdf").count(), 1);
    assert.deepEqual(faults, []);
  });
});
