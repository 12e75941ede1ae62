// What was used and turned over, how exact the books were, and closing them behind it.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, startBrowser } from "./support/browser.mjs";
import { looksWell } from "./support/looks.mjs";
import { items, itemsCsv, LOCATIONS_CSV, openingStockCsv } from "./support/pantry.mjs";

// The workspace's zone, whose days the reports are about; the language writes 2026-03-31.
const DAYS = new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Ljubljana" });
/** The workspace's day so many days ago, and a time of it. */
const daysAgo = (days) => DAYS.format(new Date(Date.now() - days * 86_400_000));
const noon = (days) => `${daysAgo(days)}T12:00:00Z`;

describe("the reports", () => {
  let box, browser, page, faults, workspace;

  before(async () => {
    // The test looks more often than the ten times a minute that are a person's.
    box = await startBox({
      settings: { HOLDFAST_LIMITS__HEAVY_PER_MIN: "1000" },
    });
    browser = await startBrowser();
    ({ page, faults } = await openWindow(browser, box, {
      reducedMotion: "reduce",
    }));
    workspace = await claim(page, box);
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  const grid = (name) => page.getByRole("grid", { name });
  const open = (part, query = "") =>
    page.goto(`${workspace.home}/inventory/reports${part}${query}`);
  const figure = (name) => page.getByText(name, { exact: true }).first().locator("..");

  test("say what to do as long as there is nothing to tell", async () => {
    await open("/usage");
    await page.getByText("Nothing to turn over").waitFor();
    await open("/accuracy");
    await page.getByText("No count was applied").waitFor();
    await looksWell(page, "reports-accuracy-empty");
  });

  test("tell of what was used, from the whole to the movements of an item", async () => {
    const list = items(60);
    await workspace.import("items", itemsCsv(list));
    await workspace.import("locations", LOCATIONS_CSV);
    await workspace.import("opening_stock", openingStockCsv(list));
    const { items: stock } = await workspace.get("/stock?limit=200");
    const fish = stock.find((one) => one.item_name === "Salmon fillet");
    const move = (type, qty, effective_at) =>
      workspace.post("/movements", {
        type,
        item_id: fish.item_id,
        location_id: fish.location_id,
        qty,
        effective_at,
      });
    for (const day of [9, 8, 6, 5, 3, 2]) {
      await move("receive", "4", noon(day));
      await move("use", "3", noon(day));
    }
    const period = `?from=${daysAgo(9)}&to=${daysAgo(0)}`;
    const report = await workspace.get(`/reports/usage${period}`);
    assert.equal(report.steps.length, 10);

    await open("/usage", period);
    await grid("Usage").getByText("Fish", { exact: true }).waitFor();
    await page.getByRole("img", { name: /What was used from .* step by step/ }).waitFor();
    assert.match(await figure("Turnover").textContent(), /×/);
    await looksWell(page, "reports-usage");
    await grid("Usage").getByText("Fish", { exact: true }).click();
    await page.waitForURL(/category=Fish/);
    await grid("Usage").getByText("Salmon fillet", { exact: true }).click();
    await page.getByRole("heading", { name: "Movements", level: 1 }).waitFor();
    await page.waitForURL(/type=use/);
    await page.goBack();
    await grid("Usage").getByText("Salmon fillet", { exact: true }).waitFor();
  });

  test("take the days that are chosen, and say what is wrong with them", async () => {
    await open("/usage");
    await page.getByLabel("From", { exact: true }).fill(daysAgo(3));
    await page.waitForURL(new RegExp(`from=${daysAgo(3)}`));
    await page.getByText("4 days", { exact: false }).first().waitFor();
    await page.getByLabel("to", { exact: true }).fill(daysAgo(5));
    await page.getByText("A period begins before it ends.").waitFor();
  });

  test("tell how exact the books were, and lead to the count", async () => {
    const count = await workspace.post("/counts", {
      name: "Friday",
      blind: false,
    });
    const { items: lines } = await workspace.get(`/counts/${count.id}/lines?limit=200`);
    const entry = (line, number) => ({
      client_op: `00000000-0000-7000-8000-${String(number).padStart(12, "0")}`,
      item_id: line.item_id,
      location_id: line.location_id,
      mode: "set",
      qty: number === 0 ? "1" : line.expected,
    });
    const entries = lines.slice(0, 20).map(entry);
    await workspace.post(`/counts/${count.id}/entries`, { entries });
    await workspace.post(`/counts/${count.id}/submit`, {});
    await workspace.post(`/counts/${count.id}/approve`, {});

    await open("");
    await page.getByRole("link", { name: "Count accuracy" }).click();
    await grid("Count accuracy").getByText("Friday", { exact: true }).waitFor();
    assert.match(await figure("Lines that agreed").textContent(), /95 %/);
    await looksWell(page, "reports-accuracy");
    await grid("Count accuracy").getByText("Friday", { exact: true }).click();
    await page.getByRole("heading", { name: "Friday", level: 1 }).waitFor();
  });

  test("come as files with the same rows", async () => {
    for (const [part, name, lines] of [
      ["/usage", /^usage-category/, async () => (await workspace.get("/reports/usage")).items],
      [
        "/accuracy",
        /^count-accuracy-count/,
        async () => (await workspace.get("/reports/count-accuracy")).items,
      ],
    ]) {
      await open(part);
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: "CSV file" }).click(),
      ]);
      assert.match(download.suggestedFilename(), name);
      const text = await readFile(await download.path(), "utf8");
      assert.equal(text.trim().split("\n").length, (await lines()).length + 1);
    }
  });

  test("are closed behind a day, and whoever enters something for it is told so", async () => {
    await open("");
    await page.getByRole("button", { name: "More", exact: true }).click();
    await page.getByRole("menuitem", { name: "Closed days" }).click();
    const dialog = page.getByRole("dialog", { name: "Closed days" });
    await dialog.getByLabel("Closed up to and including").fill(daysAgo(0));
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.getByText("This day is not over yet.").first().waitFor();
    await dialog.getByLabel("Closed up to and including").fill(daysAgo(2));
    await looksWell(page, "reports-closed-days");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    assert.equal((await workspace.get("/lock-date")).locked_until, daysAgo(2));

    const { items: stock } = await workspace.get("/stock?limit=200");
    const fish = stock.find((one) => one.item_name === "Salmon fillet");
    await page.goto(`${workspace.home}/inventory/movements?post=receive&for=${fish.item_id}`);
    const entry = page.getByRole("dialog", { name: "Receive stock" });
    const place = entry.getByRole("combobox", { name: "Place", exact: true });
    await place.click();
    await page.getByRole("option", { name: "Walk-in cooler" }).first().click();
    await entry.getByLabel("Quantity").fill("1");
    await entry.getByLabel("Happened at (optional)").fill(`${daysAgo(2)}T12:00`);
    await entry.getByRole("button", { name: "Receive stock" }).click();
    const sentence = `The books are closed up to and including ${daysAgo(2)}.`;
    await entry.getByText(sentence, { exact: false }).first().waitFor();
    await looksWell(page, "reports-refused");
  });

  test("never met a fault of the page", () => assert.deepEqual(faults, []));
});
