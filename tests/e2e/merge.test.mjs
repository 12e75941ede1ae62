// Two people have the same item open. Whoever saves second sees both versions, field by field, and
// goes on from what they choose.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, startBrowser } from "./support/browser.mjs";
import { looksWell } from "./support/looks.mjs";

describe("a form that somebody else was faster with", () => {
  let box, browser, page, faults, workspace, item;

  before(async () => {
    [box, browser] = await Promise.all([startBox(), startBrowser()]);
    ({ page, faults } = await openWindow(browser, box, {
      reducedMotion: "reduce",
    }));
    workspace = await claim(page, box);
    item = await workspace.post("/items", {
      item_number: "S-1",
      name: "Salmon",
      unit: "kg",
      notes: "Whole",
      barcodes: [],
    });
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  /** What a colleague saves at another screen. */
  const colleague = async (changes) => {
    const path = `${workspace.api}/items/${item.id}`;
    const status = await page.evaluate(
      async ([path, changes]) => {
        const { version, ...now } = await (await fetch(path)).json();
        const { item_number, name, unit, category, notes } = now;
        const headers = {
          "Content-Type": "application/json",
          "If-Match": `"${version}"`,
        };
        const whole = { item_number, name, unit, category, notes, ...changes };
        const body = JSON.stringify(whole);
        const answer = await fetch(path, { method: "PUT", headers, body });
        await answer.text();
        return answer.status;
      },
      [path, changes],
    );
    assert.equal(status, 200);
  };
  const edit = async () => {
    await page.goto(`${workspace.home}/inventory/items/${item.id}/edit`);
    await page.getByLabel("Name", { exact: true }).waitFor();
  };
  const save = () => page.getByRole("button", { name: "Save item" }).click();
  const dialog = () => page.getByRole("dialog");
  const field = (name) => dialog().getByRole("group", { name });

  test("shows what each changed, and is saved as chosen", async () => {
    await edit();
    await colleague({
      name: "Salmon fillet",
      notes: "Skin on",
      category: "Fish",
    });
    await page.getByLabel("Name", { exact: true }).fill("Salmon side");
    await page.getByLabel("Number", { exact: true }).fill("S-100");
    await save();
    await page.getByText("Somebody changed this meanwhile").waitFor();

    await page
      .getByRole("button", { name: "Compare and put together" })
      .click();

    await field("Name").waitFor();
    assert.equal(
      await dialog()
        .getByRole("button", { name: "Choose 1 more" })
        .isDisabled(),
      true,
    );
    assert.equal(
      await field("Notes").getByLabel("Theirs: Skin on").isChecked(),
      true,
    );
    assert.equal(
      await field("Number").getByLabel("Yours: S-100").isChecked(),
      true,
    );
    await looksWell(page, "merge");
    await field("Name").getByLabel("Theirs: Salmon fillet").check();
    await dialog().getByRole("button", { name: "Use this" }).click();
    await dialog().waitFor({ state: "detached" });
    assert.equal(
      await page.getByLabel("Name", { exact: true }).inputValue(),
      "Salmon fillet",
    );
    await save();
    await page
      .getByRole("heading", { name: "Salmon fillet", level: 1 })
      .waitFor();
    const now = await workspace.get(`/items/${item.id}`);
    const { item_number, name, notes, category } = now;
    assert.deepEqual(
      { item_number, name, notes, category },
      {
        item_number: "S-100",
        name: "Salmon fillet",
        notes: "Skin on",
        category: "Fish",
      },
    );
  });

  test("is refused once more when they were faster again, and loses nothing", async () => {
    await edit();
    await colleague({ notes: "Skin off" });
    await page.getByLabel("Name", { exact: true }).fill("Salmon, whole");
    await save();
    await page
      .getByRole("button", { name: "Compare and put together" })
      .click();
    await field("Name").waitFor();
    await colleague({ notes: "Frozen" });
    await dialog().getByRole("button", { name: "Use this" }).click();
    await save();

    await page.getByText("Somebody changed this meanwhile").waitFor();

    assert.equal(
      await page.getByLabel("Name", { exact: true }).inputValue(),
      "Salmon, whole",
    );
    await page
      .getByRole("button", { name: "Load the newest, drop my text" })
      .click();
    await page
      .getByText("Somebody changed this meanwhile")
      .waitFor({ state: "detached" });
    assert.equal(
      await page.getByLabel("Name", { exact: true }).inputValue(),
      "Salmon fillet",
    );
    assert.equal(await page.getByLabel("Notes").inputValue(), "Frozen");
  });

  test("knows which lines of an order were changed", async () => {
    const cod = await workspace.post("/items", {
      item_number: "C-1",
      name: "Cod",
      unit: "kg",
      barcodes: [],
    });
    const fish = await workspace.post("/suppliers", { name: "Nordsee Fisch" });
    const line = (item_id, req_qty, note) => ({
      item_id,
      req_qty,
      unit_price: "18.25",
      note,
    });
    const order = await workspace.post("/purchase-orders", {
      po_number: "M-1",
      lines: [line(item.id, "20", ""), line(cod.id, "5", "skin on")],
    });
    await page.goto(`${workspace.home}/inventory/orders/${order.id}/edit`);
    await page.getByLabel("Number", { exact: false }).first().waitFor();
    const status = await page.evaluate(
      async ([path, body]) => {
        const headers = {
          "Content-Type": "application/json",
          "If-Match": '"1"',
        };
        const answer = await fetch(path, { method: "PUT", headers, body });
        await answer.text();
        return answer.status;
      },
      [
        `${workspace.api}/purchase-orders/${order.id}`,
        JSON.stringify({
          supplier_id: fish.id,
          lines: [line(item.id, "25", ""), line(cod.id, "5", "skin on")],
        }),
      ],
    );
    assert.equal(status, 200);
    await page.getByLabel("Notes").fill("Back door");
    await page.getByRole("button", { name: "Save draft" }).click();
    await page
      .getByRole("button", { name: "Compare and put together" })
      .click();

    await field("Lines").waitFor();
    const theirs = /Theirs: 25 kg .* × 18.25\s+5 kg Cod × 18.25, skin on/;
    assert.equal(await field("Lines").getByLabel(theirs).isChecked(), true);
    const supplier = field("Supplier").getByLabel("Theirs: Nordsee Fisch");
    assert.equal(await supplier.isChecked(), true);
    const notes = field("Notes").getByLabel("Yours: Back door");
    assert.equal(await notes.isChecked(), true);
    assert.equal(await dialog().getByRole("group").count(), 3);
    await looksWell(page, "merge-order");
    await dialog().getByRole("button", { name: "Use this" }).click();
    await dialog().waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Save draft" }).click();
    await page.getByRole("heading", { name: /M-1/, level: 1 }).waitFor();
    const now = await workspace.get(`/purchase-orders/${order.id}`);
    assert.deepEqual(
      [now.supplier_name, now.notes, now.lines.map((one) => one.req_qty)],
      ["Nordsee Fisch", "Back door", ["25.000", "5.000"]],
    );
  });

  test("nothing went wrong in the page", () => assert.deepEqual(faults, []));
});
