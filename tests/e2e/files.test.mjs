// Files in the background: a large import goes on when its page is left, and an export downloads
// itself when it is written.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, startBrowser } from "./support/browser.mjs";

const ROWS = 2_001;

describe("files in the background", () => {
  let box, browser, page, faults, workspace;

  before(async () => {
    box = await startBox();
    browser = await startBrowser();
    ({ page, faults } = await openWindow(browser, box, { reducedMotion: "reduce" }));
    workspace = await claim(page, box);
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  test("a large import is taken over while one looks at something else", async () => {
    const rows = Array.from({ length: ROWS }, (_, index) => `N-${index},Thing ${index},pcs`);
    await page.goto(`${workspace.home}/inventory/import`);
    await page.locator("input[type=file]").setInputFiles({
      name: "items.csv",
      mimeType: "text/csv",
      buffer: Buffer.from(`item_number,name,unit\n${rows.join("\n")}\n`),
    });
    await page.getByRole("button", { name: "Import 2,001 items" }).click();
    await page.getByText("The import runs").waitFor();
    await page.getByText("Import: done").waitFor();
    await page.goto(`${workspace.home}/inventory/items?q=N-2000`);
    await page.getByRole("grid").getByText("Thing 2000").first().waitFor();
  });

  test("an export downloads when it is written", async () => {
    await page.goto(`${workspace.home}/inventory/import`);
    const export_ = page.getByRole("region", { name: "Export" });
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      export_.getByRole("button", { name: "Items" }).click(),
    ]);
    const text = await readFile(await download.path(), "utf8");
    assert.equal(text.trim().split("\n").length, ROWS + 1);
  });

  test("a phone offers every kind of file, and takes over orders", async () => {
    await page.setViewportSize({ width: 360, height: 780 });
    await page.goto(`${workspace.home}/inventory/import`);
    const kinds = page.getByRole("radiogroup", { name: "What the file holds" });
    await kinds.waitFor();
    const group = await kinds.boundingBox();
    for (const kind of ["Items", "Locations", "Opening stock", "Orders"]) {
      const box = await kinds.getByText(kind, { exact: true }).boundingBox();
      assert.ok(box.x >= group.x && box.x + box.width <= group.x + group.width, kind);
    }
    await kinds.getByText("Orders", { exact: true }).click();
    await page.locator("input[type=file]").setInputFiles({
      name: "orders.csv",
      mimeType: "text/csv",
      buffer: Buffer.from("po_number,item_number,req_qty\nPO-9,N-1,3\nPO-9,N-2,4\n"),
    });
    await page.getByRole("button", { name: "Import 2 order lines" }).click();
    await page.getByRole("link", { name: "See the orders" }).click();
    await page.getByText("PO-9").first().waitFor();
  });

  test("never met a fault of the page", () => assert.deepEqual(faults, []));
});
