// What runs low stands in the menu as a number and in a list, and is ordered from there.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, startBrowser } from "./support/browser.mjs";
import { looksWell } from "./support/looks.mjs";

describe("low stock", () => {
  let box, browser, page, faults, workspace, salmon, place;

  before(async () => {
    [box, browser] = await Promise.all([startBox(), startBrowser()]);
    ({ page, faults } = await openWindow(browser, box, {
      reducedMotion: "reduce",
    }));
    workspace = await claim(page, box);
    const item = (item_number, name) =>
      workspace.post("/items", {
        item_number,
        name,
        unit: "kg",
        min_qty: "5",
        max_qty: "20",
      });
    salmon = await item("S-1", "Salmon fillet");
    place = await workspace.post("/locations", { code: "C", name: "Cooler" });
    await move("receive", "6");
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  const move = (type, qty) =>
    workspace.post("/movements", {
      type,
      item_id: salmon.id,
      location_id: place.id,
      qty,
    });
  const entry = (name) =>
    page.getByRole("navigation", { name: "Main" }).getByRole("link", { name });

  test("nothing is low", async () => {
    await page.goto(`${workspace.home}/inventory/low`);
    await page.getByText("Nothing is low").waitFor();
    await entry("Low stock").waitFor();
    await looksWell(page, "low-empty");
    await page.goto(workspace.home);
    await page.getByText("Nothing waits.").waitFor();
    await page.goto(`${workspace.home}/inventory/low`);
  });

  test("what falls below its minimum appears by itself, in list and menu", async () => {
    await move("use", "3");
    await page.getByRole("grid", { name: "Low stock" }).waitFor();
    await page.getByRole("row", { name: /Salmon fillet/ }).waitFor();
    await entry("Low stock 1").waitFor();
    await looksWell(page, "low");
  });

  test("one click drafts the order, and the list says that it is coming", async () => {
    const button = () =>
      page.getByRole("button", { name: "Draft from low stock" });
    await button().click();
    await page
      .getByRole("dialog")
      .getByRole("button", {
        name: "Draft from low stock",
      })
      .click();
    await page.getByText("1 draft was made").waitFor();
    await page.getByText("enough on order").waitFor();
    const { items } = await workspace.get("/stock/low");
    assert.deepEqual(
      [items[0].on_order, items[0].to_order],
      ["17.000", "0.000"],
    );
    await looksWell(page, "low-coming");
  });

  test("Today says what waits, and leads to where it is decided", async () => {
    await page.goto(workspace.home);
    await page
      .getByRole("link", { name: "1 draft of an order is not sent" })
      .waitFor();
    await looksWell(page, "low-today");
    await page.getByRole("link", { name: "1 item is low" }).click();
    await page.waitForURL(`**${workspace.home}/inventory/low`);
    await page.getByRole("row", { name: /Salmon fillet/ }).waitFor();
  });

  test("at its minimum it goes, and so does the number", async () => {
    await move("receive", "2");
    await page.getByText("Nothing is low").waitFor();
    await entry("Low stock").waitFor();
    assert.equal(await entry("Low stock 1").count(), 0);
    assert.deepEqual(faults, []);
  });
});
