// Two people count one freezer on two phones at once while the kitchen goes on; the manager settles
// what they disagree on, and nothing that was posted meanwhile is lost.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { becomes, claim, openWindow, startBrowser } from "./support/browser.mjs";
import { next, pick, press, Shelf } from "./support/counting.mjs";
import { looksWell } from "./support/looks.mjs";
import { items, itemsCsv, LOCATIONS_CSV, openingStockCsv } from "./support/pantry.mjs";
import { accept, invite } from "./support/people.mjs";

const COUNTERS = ["Ben Okafor", "Ivy Novak"].map((name) => ({
  name,
  email: `${name.split(" ")[0].toLowerCase()}@harbour.example`,
  password: "copper-kettle-fjord-71-moss",
}));
const PHONE = { width: 360, height: 740 };

describe("two counters of one freezer", () => {
  let box, browser, manager, phones, workspace, shelf, count;

  before(async () => {
    [box, browser] = await Promise.all([startBox(), startBrowser()]);
    const options = { reducedMotion: "reduce", viewport: PHONE };
    manager = await openWindow(browser, box, { reducedMotion: "reduce" });
    phones = [await openWindow(browser, box, options), await openWindow(browser, box, options)];
    workspace = await claim(manager.page, box);
    const list = items(80);
    await workspace.import("items", itemsCsv(list));
    await workspace.import("locations", LOCATIONS_CSV);
    await workspace.import("opening_stock", openingStockCsv(list));
    for (const [at, person] of COUNTERS.entries()) {
      const link = await invite(manager.page, workspace, person.email, "Counter");
      await accept(phones[at].page, link, person, "Counter");
    }
    const places = await workspace.get("/locations");
    const freezer = places.items.find((one) => one.code === "freezer-1");
    shelf = new Shelf(workspace, (await workspace.get(`/stock?location_id=${freezer.id}`)).items);
    const scope = { location_id: freezer.id };
    count = await workspace.post("/counts", { name: "Wednesday freezer", blind: true, scope });
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  const enter = async (page, name, keys) => {
    await press(page, keys);
    await next(page);
    await page.getByText(`${keys.join("")} kg of ${name}`).waitFor();
  };
  const done = ({ page }, number) =>
    page
      .getByRole("status")
      .getByText(new RegExp(`· ${number} done`))
      .waitFor();
  const lines = () => manager.page.getByRole("grid", { name: "Lines" });

  test("see what the other has done, while the kitchen takes from both", async () => {
    const [ben, ivy] = phones;
    await manager.page.goto(`${workspace.home}/inventory/counts/${count.id}`);
    await Promise.all(
      phones.map(async ({ page }) => {
        await page.goto(`${workspace.home}/inventory/counts/${count.id}/enter`);
        await page.getByRole("button", { name: /Chest freezer/ }).click();
      }),
    );
    await Promise.all([pick(ben.page, "Peas"), pick(ivy.page, "Raspberries")]);
    await Promise.all([
      enter(ben.page, "Peas", ["4", ".", "5"]),
      enter(ivy.page, "Raspberries", ["3"]),
      // Of what nobody counts.
      shelf.use("Puff pastry sheets", "0.5"),
    ]);
    await Promise.all([done(ben, 2), done(ivy, 2)]);
    await Promise.all([shelf.use("Peas", "1"), shelf.use("Raspberries", "0.5")]);
    await lines().getByText("Raspberries", { exact: true }).waitFor();
  });

  test("who count the same leave it to the manager which number holds", async () => {
    const [ben, ivy] = phones;
    await Promise.all([pick(ben.page, "Prawns peeled"), pick(ivy.page, "Prawns peeled")]);
    await enter(ben.page, "Prawns peeled", ["2"]);
    await shelf.use("Prawns peeled", "0.5");
    await enter(ivy.page, "Prawns peeled", ["2", ".", "5"]);
    await Promise.all([done(ben, 3), done(ivy, 3)]);
    // Both numbers are in the box, not only on their phones.
    const conflicts = async () => (await workspace.get(`/counts/${count.id}`)).summary.conflict;
    await becomes(conflicts, 1);
    await looksWell(ivy.page, "two-counters");
    await ivy.page.setViewportSize(PHONE);
    await ivy.page.getByRole("link", { name: "All lines" }).click();
    await ivy.page.getByRole("button", { name: "Submit" }).click();
    const dialog = ivy.page.getByRole("dialog", { name: "Submit the count?" });
    await dialog.getByText(/3 of \d+ lines are counted/).waitFor();
    await dialog.getByRole("button", { name: "Submit" }).click();
    await ivy.page.getByText("To approve").first().waitFor();
    // The other phone learns that it is over.
    await ben.page
      .getByRole("button", { name: "Next", exact: true })
      .waitFor({ state: "detached" });
  });

  test("lose nothing that was posted meanwhile", async () => {
    const { page } = manager;
    await page.getByRole("button", { name: "Approve" }).waitFor();
    const prawns = lines().getByRole("row").filter({ hasText: "Prawns peeled" });
    await prawns.click();
    const dialog = page.getByRole("dialog", { name: "Prawns peeled" });
    for (const { name } of COUNTERS) await dialog.getByText(name).first().waitFor();
    await looksWell(page, "two-counters-line");
    await dialog.getByRole("button", { name: "Use the count" }).click();
    await page.getByRole("button", { name: "Approve" }).click();
    const confirm = page.getByRole("dialog", { name: "Approve the count?" });
    await confirm.getByText("3 lines change the stock.").waitFor();
    await confirm.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Applied").first().waitFor();

    const pastry = (Number(shelf.of("Puff pastry sheets").qty) - 0.5).toFixed(3);
    await becomes(() => shelf.onHand("Peas"), "3.500");
    assert.equal(await shelf.onHand("Raspberries"), "2.500");
    assert.equal(await shelf.onHand("Prawns peeled"), "2.500");
    assert.equal(await shelf.onHand("Puff pastry sheets"), pastry);
  });

  test("never meet a fault of the page", () =>
    assert.deepEqual(
      [manager, ...phones].flatMap(({ faults }) => faults),
      [],
    ));
});
