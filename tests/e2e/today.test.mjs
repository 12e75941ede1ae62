// The first screen tells of everything that waits, be there ever so much of it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, startBrowser } from "./support/browser.mjs";
import { looksWell } from "./support/looks.mjs";
import { items, itemsCsv } from "./support/pantry.mjs";

/** More than the list of orders shows at once. */
const LATER_ORDERS = 101;

describe("what waits", () => {
  let box, browser, page, faults, workspace;

  before(async () => {
    [box, browser] = await Promise.all([startBox(), startBrowser()]);
    ({ page, faults } = await openWindow(browser, box, {
      reducedMotion: "reduce",
    }));
    workspace = await claim(page, box);
    await workspace.import("items", itemsCsv(items(1)));
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  test("is told of although a hundred others are newer", async () => {
    const [item] = (await workspace.get("/items")).items;
    const order = async (expected_on) => {
      const lines = [{ item_id: item.id, req_qty: "1", unit_price: "1" }];
      const made = await workspace.post("/purchase-orders", {
        expected_on,
        lines,
      });
      return workspace.post(`/purchase-orders/${made.id}/submit`, {});
    };
    await order("2020-03-31");
    for (let count = 0; count < LATER_ORDERS; count += 1) await order("2999-12-31");
    await page.goto(workspace.home);
    await page.getByRole("link", { name: "1 order should have come before today" }).waitFor();
  });

  test("keeps what was booked below zero until it is settled", async () => {
    const [item] = (await workspace.get("/items")).items;
    const place = await workspace.post("/locations", {
      code: "van",
      name: "Delivery van",
    });
    const move = (type, override_reason) =>
      workspace.post("/movements", {
        type,
        item_id: item.id,
        location_id: place.id,
        qty: "2",
        override_reason,
      });
    await move("use", "The van is late");
    await page.getByRole("link", { name: "1 stock is below zero" }).click();
    await page.getByRole("button", { name: "Below zero", pressed: true }).waitFor();
    await page.getByRole("grid", { name: "Stock" }).getByText("Delivery van").waitFor();
    await looksWell(page, "stock-below-zero");
    await move("receive");
    await page.getByText("No stock fits these filters.").waitFor();
  });

  test("never met a fault of the page", () => assert.deepEqual(faults, []));
});
