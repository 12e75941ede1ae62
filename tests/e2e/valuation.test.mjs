// What stock is worth: by category, down to the items and what happened to one, on a day, as a file.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, startBrowser } from "./support/browser.mjs";
import { looksWell } from "./support/looks.mjs";
import { items, itemsCsv, LOCATIONS_CSV, openingStockCsv } from "./support/pantry.mjs";

describe("the worth of stock", () => {
  let box, browser, page, faults, workspace;

  before(async () => {
    // The test looks more often than the ten times a minute that are a person's.
    box = await startBox({ settings: { HOLDFAST_LIMITS__HEAVY_PER_MIN: "1000" } });
    browser = await startBrowser();
    ({ page, faults } = await openWindow(browser, box, { reducedMotion: "reduce" }));
    workspace = await claim(page, box);
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  const grid = () => page.getByRole("grid", { name: "Stock value" });
  const open = (query = "") => page.goto(`${workspace.home}/inventory/reports${query}`);

  test("says that nothing is there", async () => {
    await open();
    await page.getByText("Nothing of worth").waitFor();
  });

  test("leads from the whole to an item and its movements", async () => {
    const list = items(60);
    await workspace.import("items", itemsCsv(list));
    await workspace.import("locations", LOCATIONS_CSV);
    await workspace.import("opening_stock", openingStockCsv(list));
    const report = await workspace.get("/reports/valuation");
    await open();
    await grid().getByText("Fish", { exact: true }).waitFor();
    const shown = await page.getByText("60 items · now").textContent();
    assert.ok(shown);
    assert.equal(report.total.items, 60);
    await looksWell(page, "valuation-categories");

    await grid().getByText("Fish", { exact: true }).click();
    await page.waitForURL(/group=item&category=Fish|category=Fish&group=item/);
    await grid().getByText("Salmon fillet", { exact: true }).waitFor();
    await looksWell(page, "valuation-items");

    await grid().getByText("Salmon fillet", { exact: true }).click();
    await page.getByRole("heading", { name: "Movements", level: 1 }).waitFor();
    await page.getByRole("grid").getByText("Salmon fillet").first().waitFor();
    await page.goBack();
    await grid().getByText("Salmon fillet", { exact: true }).waitFor();
  });

  test("tells of the places, and of a day before there was anything", async () => {
    await open();
    await page.getByText("Place", { exact: true }).first().click();
    await grid().getByText("Walk-in cooler").first().waitFor();
    await looksWell(page, "valuation-places");
    await page.getByLabel("At the end of").fill("2020-03-31");
    await page.getByText("There was no stock at the end of this day.").waitFor();
    assert.match(page.url(), /at=2020-03-31/);
  });

  test("comes as a file with the same rows", async () => {
    await open("?group=item&category=Fish");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "CSV file" }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "valuation-item.csv");
    const text = await readFile(await download.path(), "utf8");
    const { total } = await workspace.get("/reports/valuation?group=item&category=Fish");
    assert.equal(text.trim().split("\n").length, total.items + 1);
  });

  test("never met a fault of the page", () => assert.deepEqual(faults, []));
});
