// Ten thousand items: the page stays small, the search quick, the phone's screen unbroken.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { becomes, claim, openWindow, startBrowser } from "./support/browser.mjs";
import { items, itemsCsv, LOCATIONS_CSV } from "./support/pantry.mjs";
import { settled } from "./support/screens.mjs";

const ITEMS = items(10_000);
const ROWS_IN_SIGHT = 60;
const PLACES = LOCATIONS_CSV.trim().split("\n").length - 1;
const ROWS_MAX = 200;
/** A busy machine answers so many in time. */
const CHANGED_AT_ONCE = 1_000;
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
    await workspace.import("locations", LOCATIONS_CSV);
    await workspace.import("items", itemsCsv(ITEMS));
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

  test("puts every row that was read on paper, in the colours of paper", async () => {
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.emulateMedia({ colorScheme: "dark" });
    await page.goto(`${workspace.home}/inventory/items?q=salmon`);
    await settled(page);
    await page.evaluate(() => {
      const drawn = () => document.querySelectorAll("[role=gridcell]:first-child").length;
      const { dataset } = document.documentElement;
      window.onScreen = drawn();
      window.addEventListener("beforeprint", () => {
        window.onPaper = drawn();
        window.paperScheme = dataset.mantineColorScheme;
      });
    });
    await page.pdf();

    const seen = await page.evaluate(() => [window.onScreen, window.onPaper, window.paperScheme]);
    const [onScreen, onPaper, scheme] = seen;
    assert.ok(onScreen < ROWS_IN_SIGHT && onPaper > ROWS_IN_SIGHT, `${onScreen}, ${onPaper} rows`);
    assert.equal(scheme, "light");
    await page.locator("html[data-mantine-color-scheme=dark]").waitFor();
    await page.emulateMedia({ colorScheme: "light" });
  });

  test("looks further back in a long log than the box looks at once", async () => {
    await page.setViewportSize({ width: 1440, height: 900 });
    // The places came first; since then each item was made and changed: more than 20,000 entries.
    for (let from = 0; from < ITEMS.length; from += CHANGED_AT_ONCE) {
      const some = ITEMS.slice(from, from + CHANGED_AT_ONCE);
      await workspace.import("items", itemsCsv(some.map((one) => ({ ...one, max: one.max + 1 }))));
    }
    await page.goto(`${workspace.home}/audit?kind=inventory.location`);
    await page.getByText("Nothing fits so far.").waitFor();
    await page.getByRole("button", { name: "Look further back" }).click();

    const entries = page.getByRole("grid", { name: "Entries" });
    await entries.getByText("Main kitchen").waitFor();
    await becomes(() => entries.getByRole("row").count(), 1 + PLACES);
    await page.getByRole("button", { name: "Look further back" }).waitFor({ state: "detached" });
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
