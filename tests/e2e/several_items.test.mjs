// A manager tidies the list up: marks items, changes them all at once, and takes it back.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, startBrowser } from "./support/browser.mjs";
import { looksWell } from "./support/looks.mjs";

describe("several items at once", () => {
  let box, browser, page, faults, workspace;
  const made = [];

  before(async () => {
    [box, browser] = await Promise.all([startBox(), startBrowser()]);
    ({ page, faults } = await openWindow(browser, box, {
      reducedMotion: "reduce",
    }));
    workspace = await claim(page, box);
    for (const [item_number, name, category] of [
      ["S-1", "Salmon", "Fish"],
      ["C-1", "Cod", "Fish"],
      ["B-1", "Beef", null],
    ]) {
      made.push(
        await workspace.post("/items", {
          item_number,
          name,
          category,
          unit: "kg",
          barcodes: [],
        }),
      );
    }
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  const kept = (index) => workspace.get(`/items/${made[index].id}`);
  const row = (name) => page.getByRole("row", { name });
  const button = (name) => page.getByRole("button", { name });
  const choose = async () => {
    await page.goto(`${workspace.home}/inventory/items`);
    await button("Choose several").click();
    await button("Stop choosing").waitFor();
  };
  const pick = async (label, option) => {
    await page.getByRole("dialog").getByLabel(label, { exact: true }).click();
    await page.getByRole("option", { name: option }).click();
  };

  test("are marked by press and by key, and changed together", async () => {
    await choose();
    assert.equal(await button("Change…").isDisabled(), true);
    await row("Cod").click();
    await page.getByRole("grid").focus();
    for (const key of ["Home", "Space"]) await page.keyboard.press(key);
    await page.getByText("2 items chosen").waitFor();
    assert.equal(await row("Beef").getAttribute("aria-selected"), "true");
    assert.equal(await row("Salmon").getAttribute("aria-selected"), "false");
    await looksWell(page, "several-chosen");

    await button("Change…").click();
    await pick("Category", "Set to …");
    await page
      .getByRole("combobox", { name: "Category, the new one" })
      .fill("Cold");
    await pick("Minimum", "Set to …");
    await page.getByLabel("Minimum, the new one").fill("2.5");
    await pick("Zone", "Freezer");
    await looksWell(page, "several-dialog");
    await button("Change 2 items").click();
    await page.getByText("Changed 2 items").waitFor();

    const [salmon, cod, beef] = [await kept(0), await kept(1), await kept(2)];
    for (const item of [cod, beef]) {
      assert.deepEqual(
        [item.category, item.min_qty, item.max_qty, item.temp_zone],
        ["Cold", "2.500", null, "freezer"],
      );
    }
    assert.equal(salmon.version, 1);
  });

  test("are as they were after a press on Undo", async () => {
    await button("Undo").click();
    await page.getByText("2 items are as they were").waitFor();
    const [cod, beef] = [await kept(1), await kept(2)];
    assert.deepEqual([cod.category, beef.category], ["Fish", null]);
    assert.deepEqual([cod.min_qty, beef.temp_zone], [null, null]);
  });

  test("stay as they are when somebody else was faster with one", async () => {
    await choose();
    await button("Choose all 3 shown").click();
    await button("Change…").click();
    await pick("Category", "Remove");
    const status = await page.evaluate(
      async ([path, id]) => {
        const { version } = await (await fetch(`${path}/${id}`)).json();
        const changes = [{ id, version, category: "Meat" }];
        const headers = { "Content-Type": "application/json" };
        const body = JSON.stringify({ changes });
        const answer = await fetch(`${path}/bulk`, {
          method: "POST",
          headers,
          body,
        });
        await answer.text();
        return answer.status;
      },
      [`${workspace.api}/items`, made[2].id],
    );
    assert.equal(status, 200);
    await button("Change 3 items").click();
    await page
      .getByText("Beef: Somebody else changed B-1 meanwhile")
      .first()
      .waitFor();
    await looksWell(page, "several-refused");
    assert.deepEqual(
      [(await kept(0)).category, (await kept(2)).category],
      ["Fish", "Meat"],
    );
    await page
      .getByRole("dialog")
      .getByRole("button", { name: "Cancel" })
      .click();
  });

  test("are marked on a phone as well", async () => {
    await page.setViewportSize({ width: 360, height: 740 });
    await choose();
    await row("Cod").click();
    await page.getByText("1 item chosen").waitFor();
    await looksWell(page, "several-phone");
    await button("Change…").click();
    await looksWell(page, "several-phone-dialog");
  });

  test("never met a fault of the page", () => assert.deepEqual(faults, []));
});
