// A freezer is counted on a phone, blind, while the kitchen goes on; the manager settles it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { becomes, claim, openWindow, startBrowser } from "./support/browser.mjs";
import { next, pick, press, Shelf } from "./support/counting.mjs";
import { looksWell } from "./support/looks.mjs";
import { items, itemsCsv, LOCATIONS_CSV, openingStockCsv } from "./support/pantry.mjs";
import { accept, invite } from "./support/people.mjs";

const BEN = {
  name: "Ben Okafor",
  email: "ben@harbour.example",
  password: "copper-kettle-fjord-71-moss",
};
const PHONE = { width: 360, height: 740 };
const NAME = "Friday freezer";

describe("a count of the freezer", () => {
  let box, browser, manager, ben, workspace, shelf;

  before(async () => {
    [box, browser] = await Promise.all([startBox(), startBrowser()]);
    manager = await openWindow(browser, box, { reducedMotion: "reduce" });
    ben = await openWindow(browser, box, {
      reducedMotion: "reduce",
      viewport: PHONE,
    });
    workspace = await claim(manager.page, box);
    const list = items(80);
    await workspace.import("items", itemsCsv(list));
    await workspace.import("locations", LOCATIONS_CSV);
    await workspace.import("opening_stock", openingStockCsv(list));
    const link = await invite(manager.page, workspace, BEN.email, "Counter");
    await accept(ben.page, link, BEN, "Counter");
    const places = await workspace.get("/locations");
    const freezer = places.items.find((one) => one.code === "freezer-1");
    shelf = new Shelf(workspace, (await workspace.get(`/stock?location_id=${freezer.id}`)).items);
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  const listed = (page) => page.getByRole("grid", { name: "Counts" });
  const lines = (page) => page.getByRole("grid", { name: "Lines" });

  test("is opened by the manager, blind", async () => {
    const { page } = manager;
    await page.goto(`${workspace.home}/inventory/counts`);
    await page.getByText("A count compares what is on the shelves").waitFor();
    await looksWell(page, "counts-empty");
    await page.getByRole("button", { name: "New count" }).click();
    const dialog = page.getByRole("dialog", { name: "New count" });
    await dialog.getByRole("button", { name: "Open the count" }).click();
    await dialog.getByText("Needed").first().waitFor();
    await dialog.getByLabel("Name").fill(NAME);
    await dialog.getByLabel("Only this place and below").fill("freezer");
    await page.getByRole("option", { name: /Chest freezer/ }).click();
    await dialog.getByLabel("Count blind").check();
    await looksWell(page, "counts-new");
    await dialog.getByRole("button", { name: "Open the count" }).click();
    await page.getByRole("heading", { name: NAME, level: 1 }).waitFor();
    await lines(page).getByText("Raspberries", { exact: true }).waitFor();
  });

  test("hides from the counter what the box says of it", async () => {
    const { page } = ben;
    const note = page.getByText("Hidden while you count blind");
    await page.goto(`${workspace.home}/inventory/items?q=Peas`);
    const peas = page.getByRole("grid", { name: "Items" });
    await peas.getByText("Hidden: blind count").first().waitFor();
    await looksWell(page, "hidden-items");
    await page.goto(`${workspace.home}/inventory/items/${shelf.of("Peas").item_id}`);
    await page.getByText("Hidden: blind count").first().waitFor();
    assert.equal(await page.getByText(`${Number(shelf.of("Peas").qty)} kg`).count(), 0);
    await looksWell(page, "hidden-item");
    await page.goto(`${workspace.home}/inventory/stock`);
    await note.waitFor();
    await page.goto(`${workspace.home}/inventory/movements`);
    await note.waitFor();
    await page.goto(`${workspace.home}/inventory/items?low=true`);
    await page.getByText("Quantities are hidden from you while you count blind.").waitFor();
    await page.goto(`${workspace.home}`);
    await note.waitFor();
    await looksWell(page, "hidden-today");
    // Whoever decides counts sees all of it.
    await manager.page.goto(`${workspace.home}/inventory/items?q=Peas`);
    const seen = manager.page.getByRole("grid", { name: "Items" });
    await seen.getByText("Peas", { exact: true }).waitFor();
    assert.equal(await seen.getByText("Hidden: blind count").count(), 0);
    await manager.page.goBack();
    await manager.page.getByRole("heading", { name: NAME, level: 1 }).waitFor();
    await page.setViewportSize(PHONE);
  });

  test("is counted with a thumb, and nobody says what is expected", async () => {
    const { page } = ben;
    await page.goto(`${workspace.home}/inventory/counts`);
    await listed(page).getByText(NAME).click();
    await page.getByRole("link", { name: "Count", exact: true }).click();
    await page.getByRole("button", { name: /Chest freezer/ }).click();
    await pick(page, "Peas");
    assert.equal(await page.getByText(/Expected/).count(), 0);
    await press(page, ["4", ".", "5"]);
    await looksWell(page, "counting-pad");
    await page.setViewportSize(PHONE);
    await next(page);
    await page.getByText("4.5 kg of Peas").waitFor();
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= PHONE.width, `${wide} px are wider than the phone`);
    await page.getByText(/1 done/).waitFor();
  });

  test("lets a wrong entry be taken back", async () => {
    const { page } = ben;
    await pick(page, "Raspberries");
    await press(page, ["9", "9"]);
    await next(page);
    await page.getByText("99 kg of Raspberries").waitFor();
    await page.getByText(/2 done/).waitFor();
    const toast = page.getByRole("alert").filter({ hasText: "99 kg of Raspberries" });
    await toast.getByRole("button", { name: "Undo" }).click();
    await page.getByText("Taken back").waitFor();
    await page.getByText(/1 done/).waitFor();
  });

  test("goes on while the kitchen uses what is counted", async () => {
    const { page } = ben;
    // Peas were counted before the kitchen takes some; the prawns while Ben stands before them.
    await shelf.use("Peas", "1");
    await pick(page, "Prawns peeled");
    await shelf.use("Prawns peeled", "0.5");
    await press(page, ["2"]);
    await next(page);
    await page.getByText("2 kg of Prawns peeled").waitFor();
    await pick(page, "Raspberries");
    await press(page, ["3"]);
    await next(page);
    await page.getByText(/3 done/).waitFor();
    await page.getByRole("link", { name: "All lines" }).click();
    await page.getByRole("button", { name: "Submit" }).click();
    const dialog = page.getByRole("dialog", { name: "Submit the count?" });
    await dialog.getByText(/3 of \d+ lines are counted/).waitFor();
    await dialog.getByRole("button", { name: "Submit" }).click();
    await page.getByText("To approve").first().waitFor();
    assert.equal(await page.getByRole("button", { name: "Approve" }).count(), 0);
    await looksWell(page, "count-blind");
    await page.goto(`${workspace.home}/inventory/items/${shelf.of("Raspberries").item_id}`);
    await page.getByRole("heading", { name: "Raspberries", level: 1 }).waitFor();
    await page.getByText("kg", { exact: true }).first().waitFor();
    assert.equal(await page.getByText("Hidden: blind count").count(), 0);
  });

  test("is live in front of the manager, who settles the conflict and approves", async () => {
    const { page } = manager;
    await page.getByRole("button", { name: "Approve" }).waitFor();
    const first = lines(page).getByRole("row").nth(1);
    await first.getByText("Prawns peeled").waitFor();
    await first.getByText("Conflict").waitFor();
    await looksWell(page, "count-review");
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Decide 1 line first.").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
    await first.click();
    const dialog = page.getByRole("dialog", { name: "Prawns peeled" });
    await dialog.getByText("Something was posted while it was counted.").waitFor();
    await dialog.getByText(BEN.name).waitFor();
    await looksWell(page, "count-line");
    await dialog.getByRole("button", { name: "Use the count" }).click();
    await first.getByText("Use the count").waitFor();
    await page.getByRole("button", { name: "Approve" }).click();
    const confirm = page.getByRole("dialog", { name: "Approve the count?" });
    await confirm.getByText("3 lines change the stock.").waitFor();
    await confirm.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Applied").first().waitFor();

    // 4.5 counted, 1 used since; 2 counted after the kitchen; 3 after a wrong 99.
    await becomes(() => shelf.onHand("Peas"), "3.500");
    assert.equal(await shelf.onHand("Prawns peeled"), "2.000");
    assert.equal(await shelf.onHand("Raspberries"), "3.000");
    await page.goto(`${workspace.home}/inventory/counts`);
    await listed(page).getByText("Applied").waitFor();
    await looksWell(page, "counts-list");
  });

  test("asks for a second person where the workspace wants one", async () => {
    const { page } = manager;
    await page.getByRole("button", { name: "Second counter" }).click();
    const dialog = page.getByRole("dialog", { name: "Second counter" });
    await dialog.getByLabel(/in percent/).fill("20");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    const kept = await workspace.get("/count-settings");
    assert.equal(kept.second_count_percent, 20);
  });

  test("never met a fault of the page", () =>
    assert.deepEqual([...manager.faults, ...ben.faults], []));
});
