// A Monday: who delivers is written down, what is low is ordered, two vans bring it, one case is
// broken, one line stays short, and the order is closed.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import {
  becomes,
  claim,
  openWindow,
  startBrowser,
} from "./support/browser.mjs";
import { looksWell } from "./support/looks.mjs";

describe("suppliers and orders", () => {
  let box, browser, page, faults, workspace, order;

  before(async () => {
    [box, browser] = await Promise.all([startBox(), startBrowser()]);
    ({ page, faults } = await openWindow(browser, box, {
      reducedMotion: "reduce",
      acceptDownloads: true,
    }));
    workspace = await claim(page, box);
    const item = (item_number, name, min_qty, max_qty, unit_cost) =>
      workspace.post("/items", {
        item_number,
        name,
        unit: "kg",
        min_qty,
        max_qty,
        unit_cost,
      });
    await item("S-1", "Salmon fillet", "5", "20", "16");
    await item("C-1", "Cod loin", "4", "12", "11.5");
    await workspace.post("/locations", {
      code: "COOL",
      name: "Walk-in cooler",
    });
    await workspace.post("/locations", { code: "DRY", name: "Dry store" });
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  const grid = (name) => page.getByRole("grid", { name });
  const dialog = () => page.getByRole("dialog");
  const choose = async (within, label, name) => {
    await within.getByLabel(label).first().click();
    await within.getByLabel(label).first().fill(name);
    await page.getByRole("option", { name: new RegExp(name) }).click();
  };
  const fromMenu = async (name) => {
    await page
      .getByRole("button", { name: "More to do with this order" })
      .click();
    await page.getByRole("menuitem", { name }).click();
  };

  test("say that nothing is there yet", async () => {
    await page.goto(`${workspace.home}/inventory/suppliers`);
    await page.getByText("Who delivers belongs here").waitFor();
    await looksWell(page, "suppliers-empty");
    await page.goto(`${workspace.home}/inventory/orders`);
    await page.getByText("Nothing is ordered").waitFor();
    await looksWell(page, "orders-empty");
  });

  test("a supplier is added with what they deliver", async () => {
    await page.goto(`${workspace.home}/inventory/suppliers/new`);
    await page.getByLabel("Name", { exact: true }).fill("Nordsee Fisch");
    await page.getByLabel("E-mail").fill("orders@nordsee.example");
    await page.getByLabel("Days to deliver").fill("2");
    await page.getByRole("button", { name: "Add supplier" }).click();
    await page.getByRole("heading", { name: "Nordsee Fisch" }).waitFor();
    for (const [name, sku, pack, price] of [
      ["Salmon", "LAX-6", "6", "18.25"],
      ["Cod", "KAB-1", "1", "12.4"],
    ]) {
      await page.getByRole("button", { name: "Add an item" }).click();
      await choose(dialog(), "Item", name);
      await dialog().getByLabel("Their code").fill(sku);
      await dialog().getByLabel("Pack").fill(pack);
      await dialog().getByLabel("Price of one unit").fill(price);
      if (sku === "LAX-6") await looksWell(page, "supplier-item");
      await dialog().getByRole("button", { name: "Save" }).click();
      await dialog().waitFor({ state: "detached" });
      await page.getByText(sku).waitFor();
    }
    await looksWell(page, "supplier");
    await page.goto(`${workspace.home}/inventory/suppliers`);
    await grid("Suppliers").getByText("Nordsee Fisch").waitFor();
    await looksWell(page, "suppliers");
  });

  test("what is low is drafted in whole packs, and once", async () => {
    await page.goto(`${workspace.home}/inventory/orders`);
    for (const said of [
      "1 draft was made",
      "Nothing is low that is not coming already.",
    ]) {
      await page.getByRole("button", { name: "Draft from low stock" }).click();
      await dialog()
        .getByRole("button", { name: "Draft from low stock" })
        .click();
      await page.getByText(said).waitFor();
    }
    await grid("Orders").getByText("PO-0001").waitFor();
    await looksWell(page, "orders");
    await grid("Orders").getByText("PO-0001").click();
    await page.getByRole("heading", { name: "PO-0001" }).waitFor();
    // 20 kg of salmon are missing: four packs of six. 12 kg of cod at 12.40.
    const { items } = await workspace.get("/purchase-orders");
    order = await workspace.get(`/purchase-orders/${items[0].id}`);
    const told = order.lines.map((line) => [line.item_number, line.req_qty]);
    assert.deepEqual(told.sort(), [
      ["C-1", "12.000"],
      ["S-1", "24.000"],
    ]);
    // 24 × 18.25 and 12 × 12.4.
    assert.equal(order.total_cost, "586.8000");
    await looksWell(page, "order-draft");
  });

  test("a draft is changed, and its total follows", async () => {
    await page.getByRole("link", { name: "Edit" }).click();
    await page.getByRole("heading", { name: "Edit PO-0001" }).waitFor();
    const cod = order.lines.findIndex((line) => line.item_number === "C-1") + 1;
    await page.getByLabel(`Quantity of line ${cod}`).fill("10");
    await page.getByLabel(`Price of line ${cod}`).fill("12.3333");
    // 438 and 123.333.
    await page
      .getByText(/€?561[.]33/)
      .first()
      .waitFor();
    await looksWell(page, "order-edit");
    await page.getByLabel(`Quantity of line ${cod}`).fill("0");
    await page.getByRole("button", { name: "Save draft" }).click();
    await page.getByText("More than zero").first().waitFor();
    await page.getByLabel(`Quantity of line ${cod}`).fill("10");
    await page.getByRole("button", { name: "Save draft" }).click();
    await page.getByRole("heading", { name: "PO-0001", exact: true }).waitFor();
    const saved = await workspace.get(`/purchase-orders/${order.id}`);
    assert.equal(saved.total_cost, "561.3330");
  });

  test("the first van brings a part, to two places", async () => {
    await page.getByRole("button", { name: "Mark as sent" }).click();
    await dialog().getByRole("button", { name: "Mark as sent" }).click();
    await page.getByText("PO-0001 is on the way").waitFor();
    await page.getByRole("button", { name: "Receive", exact: true }).click();
    await dialog()
      .getByRole("button", { name: "Receive", exact: true })
      .click();
    await dialog()
      .getByText("Write what came of at least one line.")
      .first()
      .waitFor();
    await choose(dialog(), "Put it into", "Walk-in");
    await dialog().getByLabel("Salmon fillet: how much came").fill("24.001");
    await dialog()
      .getByRole("button", { name: "Receive", exact: true })
      .click();
    await dialog()
      .getByText(/at most 24.000 more may come/)
      .first()
      .waitFor();
    await dialog().getByLabel("Salmon fillet: how much came").fill("12");
    await dialog().getByLabel("Cod loin: how much came").fill("6");
    await dialog()
      .getByRole("button", { name: "Another place for Cod loin" })
      .click();
    await choose(dialog(), "Another place for Cod loin", "Dry");
    await dialog().getByLabel("Delivery note").fill("DN-4711");
    await looksWell(page, "receive");
    await dialog()
      .getByRole("button", { name: "Receive", exact: true })
      .click();
    await page.getByText("Some of PO-0001 is still to come.").waitFor();
    await page.getByText("partly here").waitFor();
  });

  test("another window sees the second van at once", async () => {
    const { page: other, context } = await openWindow(browser, box);
    await context.addCookies(await page.context().cookies());
    await other.goto(`${workspace.home}/inventory/orders/${order.id}`);
    await other.getByText("DN-4711").waitFor();
    await page.getByRole("button", { name: "Receive", exact: true }).click();
    await choose(dialog(), "Put it into", "Walk-in");
    await dialog().getByRole("button", { name: "All that is left" }).click();
    await becomes(
      () => dialog().getByLabel("Salmon fillet: how much came").inputValue(),
      "12",
      "what is left is filled in",
    );
    await dialog().getByLabel("Cod loin: how much came").fill("3");
    const price = dialog().getByLabel("Cod loin: price of one kg");
    assert.equal(await price.inputValue(), "12.3333");
    await price.fill("a lot");
    await dialog()
      .getByRole("button", { name: "Receive", exact: true })
      .click();
    await dialog().getByText("Write a number").first().waitFor();
    await price.fill("13");
    await looksWell(page, "receive-price");
    await dialog()
      .getByRole("button", { name: "Receive", exact: true })
      .click();
    await page.getByText("Some of PO-0001 is still to come.").first().waitFor();
    await becomes(
      () => other.getByRole("article").count(),
      2,
      "both receipts are shown",
    );
    await context.close();
  });

  test("a broken case goes back", async () => {
    const first = page.getByRole("article").first();
    await first.getByRole("button", { name: "Take back" }).click();
    await dialog().getByRole("button", { name: "Take back" }).click();
    await dialog().getByText("Choose what goes back.").first().waitFor();
    await dialog()
      .getByLabel(/Salmon fillet/)
      .check();
    await dialog().getByLabel(/Why/).fill("Case is broken");
    await looksWell(page, "take-back");
    await dialog().getByRole("button", { name: "Take back" }).click();
    await first.getByText("taken back").waitFor();
    const after = await workspace.get(`/purchase-orders/${order.id}`);
    const salmon = after.lines.find((line) => line.item_number === "S-1");
    assert.equal(salmon.received_qty, "12.000");
    await looksWell(page, "order", { fullPage: true });
  });

  test("the order is closed short, comes as a file, and prints", async () => {
    await fromMenu("Close short");
    await dialog().getByText("Of 2 lines something is missing.").waitFor();
    await dialog().getByRole("button", { name: "Close short" }).click();
    await page.getByText("closed short", { exact: true }).waitFor();
    const after = await workspace.get(`/purchase-orders/${order.id}`);
    assert.deepEqual(
      [after.status, after.short, after.total_cost],
      ["received", true, "561.3330"],
    );
    // 12 kg of salmon at 18.25, 6 kg of cod at 12.3333 and 3 at the 13 that were paid.
    const { total } = await workspace.get("/reports/valuation");
    assert.equal(total.value, "331.9998");
    await page
      .getByRole("button", { name: "More to do with this order" })
      .click();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("menuitem", { name: "CSV file" }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "order-PO-0001.csv");
    const text = await readFile(await download.path(), "utf8");
    assert.equal(text.trim().split("\n").length, 3);
    await page.emulateMedia({ media: "print" });
    assert.equal(await page.getByText("Closed PO-0001").isVisible(), false);
    assert.equal(
      await page.getByRole("button", { name: "Take back" }).count(),
      0,
    );
    assert.equal(
      await page.getByText("Salmon fillet").first().isVisible(),
      true,
    );
    if (process.env.SHOTS)
      await page.screenshot({ path: `${process.env.SHOTS}/order-print.png` });
    await page.emulateMedia({ media: "screen" });
  });

  test("a copy is a draft again, and can be canceled", async () => {
    await fromMenu("Copy into a draft");
    await page.getByRole("heading", { name: "PO-0002" }).waitFor();
    await fromMenu("Cancel order");
    await dialog().getByRole("button", { name: "Cancel order" }).click();
    await page.getByText("Canceled", { exact: true }).waitFor();
    await page.goto(`${workspace.home}/inventory/orders?status=canceled`);
    await grid("Orders").getByText("PO-0002").waitFor();
    assert.equal(await grid("Orders").getByText("PO-0001").count(), 0);
  });

  test("never met a fault of the page", () => assert.deepEqual(faults, []));
});
