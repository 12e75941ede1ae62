// What somebody looks for every day is saved under a name, and is there on the phone as well.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, signIn, startBrowser } from "./support/browser.mjs";
import { looksWell } from "./support/looks.mjs";
import { settled } from "./support/screens.mjs";

const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 800 };

describe("saved filters", () => {
  let box, browser, page, faults, phone, workspace, shed;

  before(async () => {
    [box, browser] = await Promise.all([startBox(), startBrowser()]);
    ({ page, faults } = await openWindow(browser, box, { reducedMotion: "reduce" }));
    workspace = await claim(page, box);
    const item = (item_number, name, category) =>
      workspace.post("/items", { item_number, name, unit: "kg", category, min_qty: "5" });
    await item("S-1", "Salmon fillet", "Fish");
    await item("C-1", "Cod loin", "Fish");
    await item("B-1", "Beef shank", "Meat");
    shed = await workspace.post("/locations", { code: "SHED", name: "Smoke shed" });
    const salmon = (await workspace.get("/items?q=S-1")).items[0];
    await workspace.post("/movements", {
      type: "receive",
      item_id: salmon.id,
      location_id: shed.id,
      qty: "2",
    });
    phone = await openWindow(browser, box, {
      viewport: PHONE,
      hasTouch: true,
      reducedMotion: "reduce",
    });
    await signIn(phone.page);
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  const chip = (where, name = "Saved") => where.getByRole("button", { name, exact: true });
  const choose = (where, name) => where.getByRole("menuitem", { name }).click();
  const found = async (where, names) => {
    for (const name of ["Salmon fillet", "Cod loin", "Beef shank"]) {
      const state = names.includes(name) ? "visible" : "hidden";
      await where.getByText(name).first().waitFor({ state });
    }
  };
  /** Pictures in both widths and both lights, where they are wanted. */
  const pictures = async (name) => {
    if (!process.env.SHOTS) return;
    for (const size of [DESK, PHONE])
      for (const colorScheme of ["light", "dark"]) {
        await page.setViewportSize(size);
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await settled(page);
        await page.screenshot({
          path: `${process.env.SHOTS}/${name}-${size.width}-${colorScheme}.png`,
        });
      }
    await page.setViewportSize(DESK);
    await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  };

  test("say what they are for while there is none", async () => {
    await page.goto(`${workspace.home}/inventory/items`);
    await chip(page).click();
    await page.getByText("Nothing is saved yet.").waitFor();
    const save = page.getByRole("menuitem", { name: "Save this filter" });
    assert.equal(await save.isDisabled(), true, "everything is no filter");
    await pictures("saved-filters-none");
    await page.keyboard.press("Escape");
  });

  test("keep what the list shows under a name", async () => {
    await page.goto(
      `${workspace.home}/inventory/items?category=Fish&location=${shed.id}&low=true&sort=-on_hand`,
    );
    await found(page, ["Salmon fillet"]);
    await chip(page).click();
    await choose(page, "Save this filter");
    const dialog = page.getByRole("dialog", { name: "Save this filter" });
    await dialog.getByText("Fish · Smoke shed · Low stock · most on hand first").waitFor();
    await looksWell(page, "saved-filters-save");
    await dialog.getByLabel("Name", { exact: true }).fill("Fish to order");
    await dialog.getByRole("button", { name: "Save", exact: true }).click();
    await dialog.waitFor({ state: "hidden" });
    await chip(page, "Saved: Fish to order").waitFor();
    await page.goto(`${workspace.home}/inventory/items?q=beef`);
    await found(page, ["Beef shank"]);
    await chip(page).click();
    await choose(page, "Save this filter");
    await dialog.getByLabel("Name", { exact: true }).fill("fish to ORDER");
    await dialog.getByRole("button", { name: "Save", exact: true }).click();
    await dialog.getByText("is called fish to ORDER already").first().waitFor();
    await dialog.getByLabel("Name", { exact: true }).fill("Beef");
    await dialog.getByRole("button", { name: "Save", exact: true }).click();
    await chip(page, "Saved: Beef").waitFor();
  });

  test("are on the phone of the same person, and one press shows one", async () => {
    const { page } = phone;
    await page.goto(`${workspace.home}/inventory/items`);
    await found(page, ["Salmon fillet", "Cod loin", "Beef shank"]);
    await chip(page).tap();
    await page.getByRole("menuitem", { name: /^Fish to order/ }).tap();
    await found(page, ["Salmon fillet"]);
    assert.match(page.url(), /category=Fish.*sort=-on_hand/);
    await chip(page, "Saved: Fish to order").tap();
    await page.getByRole("menuitem", { name: /^Beef/ }).tap();
    await found(page, ["Beef shank"]);
    const url = new URL(page.url());
    assert.deepEqual([...url.searchParams.keys()], ["q"], "nothing of the one before stays");
    const wide = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= PHONE.width, `${wide} px wide`);
  });

  test("are called otherwise, and the other window says so by itself", async () => {
    await page.goto(`${workspace.home}/inventory/items`);
    await chip(page).click();
    await page.getByRole("menuitem", { name: /^Fish to order/ }).waitFor();
    await pictures("saved-filters-menu");
    await choose(page, "Rename, replace, delete");
    const dialog = page.getByRole("dialog", { name: "Saved filters" });
    await dialog.getByRole("button", { name: "Actions for Beef" }).click();
    await choose(page, "Rename");
    const naming = page.getByRole("dialog", { name: "Rename “Beef”" });
    await naming.getByLabel("Name", { exact: true }).fill("Beef and nothing else");
    await naming.getByRole("button", { name: "Rename" }).click();
    await naming.waitFor({ state: "hidden" });
    await dialog.getByText("Beef and nothing else").waitFor();
    await chip(phone.page, "Saved: Beef and nothing else").waitFor();
    await dialog.getByRole("button", { name: "Close" }).last().click();
    await dialog.waitFor({ state: "hidden" });
  });

  test("take over what is shown now", async () => {
    await page.goto(`${workspace.home}/inventory/items?category=Meat`);
    await found(page, ["Beef shank"]);
    await chip(page).click();
    await choose(page, "Rename, replace, delete");
    const dialog = page.getByRole("dialog", { name: "Saved filters" });
    await dialog.getByRole("button", { name: "Actions for Beef and nothing else" }).click();
    await choose(page, "Replace with what is shown now");
    await dialog.getByText("Meat", { exact: true }).waitFor();
    await dialog.getByRole("button", { name: "Close" }).last().click();
    await chip(page, "Saved: Beef and nothing else").waitFor();
  });

  test("are deleted, and brought back where that was a mistake", async () => {
    await chip(page, "Saved: Beef and nothing else").click();
    await choose(page, "Rename, replace, delete");
    const dialog = page.getByRole("dialog", { name: "Saved filters" });
    await dialog.getByRole("button", { name: "Actions for Beef and nothing else" }).click();
    await choose(page, "Delete");
    const undo = dialog.getByRole("button", { name: "Undo deleting Beef and nothing else" });
    await undo.waitFor();
    await looksWell(page, "saved-filters-manage");
    await pictures("saved-filters-manage");
    await chip(phone.page).waitFor();
    await page.keyboard.press("Enter");
    await undo.waitFor({ state: "hidden" });
    await dialog.getByRole("button", { name: "Actions for Beef and nothing else" }).click();
    await choose(page, "Delete");
    await undo.waitFor();
    await dialog.getByRole("button", { name: "Close" }).last().click();
    await page.reload();
    await chip(page).click();
    await page.getByRole("menuitem", { name: /^Fish to order/ }).waitFor();
    assert.equal(await page.getByRole("menuitem", { name: /^Beef/ }).count(), 0);
    await page.keyboard.press("Escape");
  });

  test("say which place is gone, and show what is left", async () => {
    const salmon = (await workspace.get("/items?q=S-1")).items[0];
    await workspace.post("/movements", {
      type: "use",
      item_id: salmon.id,
      location_id: shed.id,
      qty: "2",
    });
    await page.evaluate(async (path) => {
      const answer = await fetch(path, { method: "DELETE", headers: { "If-Match": '"1"' } });
      if (!answer.ok) throw new Error(await answer.text());
    }, `${workspace.api}/locations/${shed.id}`);
    await page.goto(`${workspace.home}/inventory/items`);
    await chip(page).click();
    await page.getByText("Fish · a place that was deleted · Low stock").waitFor();
    await page.getByRole("menuitem", { name: /^Fish to order/ }).click();
    await page.getByRole("button", { name: "Place: deleted" }).waitFor();
    await page.getByText("No item fits these filters.").waitFor();
    await looksWell(page, "saved-filters-gone");
    await pictures("saved-filters-gone");
  });

  test("never met a fault of the page", () => assert.deepEqual([...faults, ...phone.faults], []));
});
