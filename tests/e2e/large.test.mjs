// Ten thousand items: the page stays small, the search quick, the phone's screen unbroken.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, startBrowser } from "./support/browser.mjs";
import { items, itemsCsv, LOCATIONS_CSV } from "./support/pantry.mjs";
import { settled } from "./support/screens.mjs";

const ITEMS = items(10_000);
const ROWS_MAX = 200;
/** A turn of the wheel, in pixels, and how many of them. */
const TURN_PX = 6_000;
const TURNS = 14;

describe("a workspace of ten thousand items", () => {
  let box, browser, page, faults, workspace, grid;

  before(async () => {
    box = await startBox();
    browser = await startBrowser();
    ({ page, faults } = await openWindow(browser, box));
    workspace = await claim(page, box);
    await workspace.import("items", itemsCsv(ITEMS));
    await workspace.import("locations", LOCATIONS_CSV);
    grid = page.getByRole("grid", { name: "Items" });
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  test("never holds more than two hundred rows while one scrolls", async () => {
    await page.goto(`${workspace.home}/inventory/items`);
    await page.getByText("10,000 rows").waitFor();
    await countRows(page);
    let furthest = 0;
    for (let turn = 0; turn < TURNS; turn += 1) {
      const before = furthest;
      await grid.evaluate((list, step) => list.scrollBy({ top: step }), TURN_PX);
      await page.waitForFunction((seen) => {
        const rows = [...document.querySelectorAll("[role=grid] [role=row]")];
        return rows.some((row) => Number(row.getAttribute("aria-rowindex")) > seen);
      }, before);
      furthest = await page.evaluate(() =>
        Math.max(
          ...[...document.querySelectorAll("[role=grid] [role=row]")].map((row) =>
            Number(row.getAttribute("aria-rowindex")),
          ),
        ),
      );
    }
    assert.ok(furthest > 1_000, `only ${furthest} rows were reached`);
    const most = await page.evaluate(() => window.mostRows);
    assert.ok(most > 10 && most <= ROWS_MAX, `the page held ${most} rows`);
  });

  test("sorts by number from the far end", async () => {
    const head = grid.getByRole("columnheader", { name: "Number" });
    await head.getByRole("button").click();
    await page.waitForURL(/sort=item_number/);
    await head.getByRole("button").click();
    await page.waitForURL(/sort=-item_number/);
    const last = ITEMS.map((one) => one.number)
      .toSorted()
      .at(-1);
    await grid.getByRole("row").nth(1).getByText(last).waitFor();
  });

  test("finds one of them as it is typed", async () => {
    const wanted = ITEMS[7_777];
    const search = page.getByRole("textbox", { name: "Search name, number, barcode" });
    await search.pressSequentially(wanted.number);
    await page.getByText("1 row", { exact: true }).waitFor();
    await grid.getByText(wanted.name, { exact: true }).waitFor();
    await search.fill("smoked papr");
    await grid
      .getByText(/^Smoked paprika/)
      .first()
      .waitFor();
    await settled(page);
    for (const name of await grid.getByRole("row").locator("a").allInnerTexts())
      assert.match(name, /^Smoked paprika/);
    await search.fill(`"un(closed* OR -`);
    await page.getByText("No item fits these filters.").waitFor();
  });

  test("shows the list on a phone in two-line rows, and opens an item", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await page.goto(`${workspace.home}/inventory/items?q=salmon`);
    await grid.getByText("Salmon fillet", { exact: true }).waitFor();
    await settled(page);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 360, `the page is ${wide} px wide`);
    assert.ok((await grid.getByRole("row").count()) <= ROWS_MAX);
    await grid.getByText("Salmon fillet", { exact: true }).click();
    await page.getByRole("heading", { name: "Salmon fillet", level: 1 }).waitFor();
  });

  test("never met a fault of the page", () => assert.deepEqual(faults, []));
});

/** From now on the page remembers the most rows it ever held. */
async function countRows(page) {
  await page.evaluate(() => {
    window.mostRows = 0;
    const count = () => {
      const rows = document.querySelectorAll("[role=row]").length;
      window.mostRows = Math.max(window.mostRows, rows);
    };
    count();
    new MutationObserver(count).observe(document.body, { childList: true, subtree: true });
  });
}
