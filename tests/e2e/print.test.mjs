// What people put on paper: the reports and what is low, with every row and nothing to press.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, startBrowser } from "./support/browser.mjs";
import { items, itemsCsv, LOCATIONS_CSV, openingStockCsv } from "./support/pantry.mjs";
import { settled } from "./support/screens.mjs";

/** A4 upright without its margins, in pixels. */
const PAPER = { width: 702, height: 1016 };

describe("on paper", () => {
  let box, browser, page, faults, workspace;

  before(async () => {
    // The test looks more often than the ten times a minute that are a person's.
    box = await startBox({ settings: { HOLDFAST_LIMITS__HEAVY_PER_MIN: "1000" } });
    browser = await startBrowser();
    ({ page, faults } = await openWindow(browser, box, { reducedMotion: "reduce" }));
    workspace = await claim(page, box);
    const list = items(60);
    await workspace.import("items", itemsCsv(list));
    await workspace.import("locations", LOCATIONS_CSV);
    await workspace.import("opening_stock", openingStockCsv(list));
    const { items: stock } = await workspace.get("/stock?limit=200");
    for (const { item_id, location_id } of stock.slice(0, 20))
      await workspace.post("/movements", { type: "use", item_id, location_id, qty: "0.5" });
    const count = await workspace.post("/counts", { name: "Friday", blind: false });
    const { items: lines } = await workspace.get(`/counts/${count.id}/lines?limit=200`);
    const entries = lines.slice(0, 10).map((line, number) => ({
      client_op: `00000000-0000-7000-8000-${String(number).padStart(12, "0")}`,
      item_id: line.item_id,
      location_id: line.location_id,
      mode: "set",
      qty: number === 0 ? "1" : line.expected,
    }));
    await workspace.post(`/counts/${count.id}/entries`, { entries });
    await workspace.post(`/counts/${count.id}/submit`, {});
    await workspace.post(`/counts/${count.id}/approve`, {});
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  /** Brings a screen to paper as the browser does, and gives what lies there of its rows. */
  const print = async (name, path, grid) => {
    await page.emulateMedia({ media: null });
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(`${workspace.home}/inventory${path}`);
    const rows = page.getByRole("grid", { name: grid }).locator("[role=row]");
    await rows.nth(1).waitFor();
    await settled(page);
    if (process.env.SHOTS)
      await page.pdf({ path: `${process.env.SHOTS}/print-${name}.pdf`, format: "A4" });
    await page.emulateMedia({ media: "print" });
    await page.setViewportSize(PAPER);
    await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
    return rows.evaluateAll((all) =>
      all
        .filter((row) => row.closest("[role=rowgroup]:not(:first-child)"))
        .map((row) => {
          const { top, bottom, left, right } = row.getBoundingClientRect();
          return { top, bottom, left, right, text: row.textContent };
        }),
    );
  };

  /** Every row has its own place on the sheet, and there is nothing to press or to leave by. */
  const isPaper = async (title, rows, wanted) => {
    assert.equal(rows.length, wanted, "all rows are drawn");
    rows.forEach((row, index) => {
      assert.ok(row.right <= PAPER.width && row.left >= 0, `${row.text} is wider than the paper`);
      assert.ok(row.bottom > row.top && row.text, `row ${index} is empty`);
      if (index > 0) assert.ok(row.top >= rows[index - 1].bottom - 1, `${row.text} overlaps`);
    });
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= PAPER.width, `${wide} px are wider than the paper`);
    await page.getByRole("heading", { name: title, level: 1 }).waitFor();
    for (const role of ["button", "textbox", "navigation", "banner", "radio"])
      assert.equal(await page.getByRole(role).count(), 0, `${role} on paper`);
  };

  test("the worth of stock has all its rows, and says of when it is", async () => {
    const { total } = await workspace.get("/reports/valuation?group=item");
    const rows = await print("valuation", "/reports?group=item", "Stock value");
    await isPaper("Stock value", rows, total.items);
    await page.getByText(`${total.items} items · now`).waitFor();
  });

  test("usage has its days, its figures and its bars", async () => {
    const { items: used } = await workspace.get("/reports/usage?group=item&limit=2000");
    const rows = await print("usage", "/reports/usage?group=item", "Usage");
    await isPaper("Usage", rows, used.length);
    await page.getByText(/30 days/).waitFor();
    await page.getByText("Turnover", { exact: true }).first().waitFor();
    await page.getByRole("img", { name: /What was used from/ }).waitFor();
  });

  test("count accuracy has its figures", async () => {
    const rows = await print("accuracy", "/reports/accuracy", "Count accuracy");
    await isPaper("Count accuracy", rows, 1);
    assert.match(rows[0].text, /Friday/);
    await page.getByText("Lines that agreed").waitFor();
  });

  test("low stock has what is low", async () => {
    const { items: low } = await workspace.get("/stock/low?limit=200");
    assert.ok(low.length > 1);
    const rows = await print("low", "/low", "Low stock");
    await isPaper("Low stock", rows, low.length);
  });

  test("never met a fault of the page", () => assert.deepEqual(faults, []));
});
