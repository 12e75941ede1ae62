// Whoever keeps a report open while the kitchen works still gets another one, and its file.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, startBrowser } from "./support/browser.mjs";
import { looksWell } from "./support/looks.mjs";
import { items, itemsCsv, LOCATIONS_CSV, openingStockCsv } from "./support/pantry.mjs";

/** So many reports and files a minute are a person's, as the box is shipped. */
const REPORTS_PER_MIN = 10;

describe("an open report", () => {
  let box, browser, page, workspace, fish;
  let asked = 0;

  before(async () => {
    box = await startBox();
    browser = await startBrowser();
    ({ page } = await openWindow(browser, box, { reducedMotion: "reduce" }));
    workspace = await claim(page, box);
    const list = items(60);
    await workspace.import("items", itemsCsv(list));
    await workspace.import("locations", LOCATIONS_CSV);
    await workspace.import("opening_stock", openingStockCsv(list));
    const { items: stock } = await workspace.get("/stock?limit=200");
    fish = stock.find((one) => one.item_name === "Salmon fillet");
    page.on("request", (request) => (asked += /\/reports\/\w/.test(request.url()) ? 1 : 0));
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  const grid = () => page.getByRole("grid", { name: "Stock value" });
  const changed = () => page.getByText(/^Something changed since this was read at/);
  const readAgain = () => page.getByRole("button", { name: "Read again" });
  const receive = (qty) =>
    workspace.post("/movements", {
      type: "receive",
      item_id: fish.item_id,
      location_id: fish.location_id,
      qty,
    });

  test("says that something changed, and asks for nothing by itself", async () => {
    await page.goto(`${workspace.home}/inventory/reports`);
    await page.getByText("60 items · now").waitFor();
    assert.equal(asked, 1);
    for (let count = 0; count < REPORTS_PER_MIN; count += 1) await receive("1");
    await changed().waitFor();
    await page.getByText(/60 items · as it was on/).waitFor();
    await looksWell(page, "report-changed");
    assert.equal(asked, 1);
  });

  test("is read again when somebody asks, with the keyboard as well", async () => {
    const total = page.getByText(/60 items · /).locator("..");
    const before = await total.textContent();
    await readAgain().focus();
    await page.keyboard.press("Enter");
    await page.getByText(/^Read again at/).waitFor();
    await page.getByText("60 items · now").waitFor();
    assert.notEqual(await total.textContent(), before);
    assert.equal(asked, 2);
  });

  test("leaves its person another day and the file", async () => {
    await page.getByLabel("At the end of").fill("2020-03-31");
    await page.getByText("There was no stock at the end of this day.").waitFor();
    await page.getByLabel("At the end of").fill("");
    await grid().getByText("Fish", { exact: true }).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "CSV file" }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "valuation-category.csv");
  });

  test("keeps its figures with the refusal beside them when it is too much", async () => {
    await page.goto(`${workspace.home}/inventory/reports`);
    await grid().getByText("Fish", { exact: true }).waitFor();
    await receive("1");
    await changed().waitFor();
    for (let count = 0; count < REPORTS_PER_MIN; count += 1)
      await workspace.get("/reports/valuation").catch(() => undefined);
    await readAgain().click();
    const alert = page.getByRole("alert").filter({ hasText: /seconds?|minute/ });
    await alert.waitFor();
    await grid().getByText("Fish", { exact: true }).waitFor();
    await page.getByText(/60 items · as it was on/).waitFor();
    await looksWell(page, "report-refused");
  });
});
