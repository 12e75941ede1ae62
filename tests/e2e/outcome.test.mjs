// The whole outcome on the real program: from the set-up link to stock that is right to the last
// digit, and a second person who sees it change.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import {
  becomes,
  liveBound,
  openWindow,
  PERSON,
  signIn,
  startBrowser,
  WORKSPACE,
} from "./support/browser.mjs";
import { items, itemsCsv, LOCATIONS_CSV } from "./support/pantry.mjs";
import { settled } from "./support/screens.mjs";

const ITEMS = items(300);
const SALMON = ITEMS.find((one) => one.name === "Salmon fillet");
const QUIET_MS = 1_000;

describe("a person without a manual", () => {
  let box, browser, page, faults, home;

  before(async () => {
    box = await startBox();
    browser = await startBrowser();
    ({ page, faults } = await openWindow(browser, box));
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  test("opens the link, becomes the first operator and lands on Today", async () => {
    await page.goto(box.link);
    await page.getByRole("button", { name: "Begin" }).click();
    await page.getByLabel("Your name").fill(PERSON.name);
    await page.getByLabel("Email").fill(PERSON.email);
    await page.getByLabel("Password", { exact: true }).fill(PERSON.password);
    await becomes(() => new URL(page.url()).hash, "", "the token stays in the address");
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByLabel("Name of the box").fill("Harbour");
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByLabel("Name of the workspace").fill(WORKSPACE);
    await page.getByRole("button", { name: "Finish and open Today" }).click();

    await page.getByRole("heading", { name: "Today", level: 1 }).waitFor();
    assert.match(new URL(page.url()).pathname, /^\/w\/[^/]+$/);
    home = new URL(page.url()).pathname;
    await page.getByText("Bring in your items").waitFor();
    await page.getByRole("link", { name: "Import a CSV" }).waitFor();
  });

  test("finds that the set-up link works only once", async () => {
    const stranger = await openWindow(browser, box);
    await stranger.page.goto(box.link);
    await stranger.page.getByRole("button", { name: "Sign in" }).waitFor();
    const again = await stranger.page.request.get("/api/v1/setup");
    assert.equal(again.status(), 404);
    await stranger.context.close();
  });

  test("sees which cells of a file have to be mended, and cannot import them", async () => {
    const [head, ...rows] = itemsCsv(ITEMS).trim().split("\n");
    rows[1] = `BAD-1,"Half a number",kg,Fish,"1,5",,,,cooler`;
    rows[4] = `BAD-2,"A warm thing",kg,Fish,1,9,2.50,,warm`;
    rows[7] = `BAD-3,,kg,Fish,1,9,2.50,,cooler`;
    await page.goto(`${home}/inventory/import`);
    await choose(page, "items-bad.csv", [head, ...rows].join("\n"));

    const errors = page.getByRole("grid", { name: "Errors" });
    await errors.waitFor();
    await settled(page);
    const found = await cells(errors);
    const at = (line) => found.find((row) => row[0] === line) ?? [];
    assert.deepEqual(at("3").slice(0, 3), ["3", "min_qty", "1,5"]);
    assert.deepEqual(at("6").slice(0, 3), ["6", "temp_zone", "warm"]);
    assert.deepEqual(at("9").slice(0, 2), ["9", "name"]);
    for (const row of found) assert.ok((row[3] ?? "").length > 5, `no reason in ${row}`);
    const commit = page.getByRole("button", { name: /^Import \d|^Nothing to change/ });
    await becomes(() => commit.isDisabled(), true, "a file with errors can be imported");
  });

  test("imports three hundred items and the places they stand in", async () => {
    await page.getByRole("button", { name: "Choose another file" }).click();
    await choose(page, "items.csv", itemsCsv(ITEMS));
    await page.getByRole("button", { name: "Import 300 items" }).click();
    await page.getByText("300 new, 0 changed, 0 unchanged.").waitFor();
    await page.getByRole("link", { name: "See the items" }).click();
    await page.getByText("300 rows").waitFor();

    await page.goto(`${home}/inventory/import?kind=locations`);
    await choose(page, "places.csv", LOCATIONS_CSV);
    await page.getByRole("button", { name: "Import 5 locations" }).click();
    await page.getByText("5 new, 0 changed, 0 unchanged.").waitFor();
  });

  test("adds one more place by hand", async () => {
    await page.goto(`${home}/inventory/locations`);
    await page.getByRole("link", { name: "New location" }).first().click();
    await page.getByLabel("Name", { exact: true }).fill("Fish counter");
    await page.getByLabel("Code", { exact: true }).fill("counter");
    await page.getByRole("button", { name: "Add location" }).click();
    await page.getByRole("heading", { name: "Locations", level: 1 }).waitFor();
    await page.getByText("Fish counter").first().waitFor();
  });

  test("receives, uses, adjusts and transfers by the dialog", async () => {
    await page.goto(`${home}/inventory/movements`);
    await post(page, "Receive", { place: "Walk-in cooler", qty: "12.5", reference: "PO-1042" });
    await post(page, "Use", { place: "Walk-in cooler", qty: "0.375" });
    await post(page, "Adjust", { place: "Walk-in cooler", qty: "-0.125" });
    await post(page, "Transfer", { place: "Walk-in cooler", to: "Fish counter", qty: "4" });

    const rows = await newest(page, 5);
    assert.deepEqual(
      rows.toSorted(),
      ["+12.5kg", "+4kg", "−0.125kg", "−0.375kg", "−4kg"].toSorted(),
    );
  });

  test("receives and uses by one line", async () => {
    const line = page.getByRole("textbox", { name: "Quick entry" });
    await line.fill("receive 2.25 kg salmon fillet @cooler-1 PO-1043");
    await page.getByRole("button", { name: /^Salmon fillet/ }).waitFor();
    await page
      .getByRole("button", { name: "Receive stock" })
      .and(page.locator(":enabled"))
      .waitFor();
    await line.press("Enter");
    await page.getByText("Received 2.25 kg Salmon fillet into Walk-in cooler").waitFor();
    await becomes(() => line.inputValue(), "", "the line is ready for the next one");

    await line.fill("use 1 salmon fillet @counter");
    await page.getByRole("button", { name: "Use stock" }).and(page.locator(":enabled")).waitFor();
    await line.press("Enter");
    await page.getByText("Used 1 kg Salmon fillet from Fish counter").waitFor();
  });

  test("is refused in place when there is too little, and takes what there is", async () => {
    await page.goto(`${home}/inventory/movements`);
    const dialog = await fillMovement(page, "Use", { place: "Fish counter", qty: "3.5" });
    await dialog.getByRole("button", { name: "Use stock" }).click();
    await dialog.getByText("Only 3 kg at Fish counter").waitFor();
    await dialog.getByRole("button", { name: "Take 3 kg instead" }).click();
    await becomes(() => dialog.getByLabel("Quantity").inputValue(), "3");
    await dialog.getByRole("button", { name: "Use stock" }).click();
    await dialog.waitFor({ state: "detached" });
  });

  test("takes a movement back, and both stay in the history", async () => {
    const movements = page.getByRole("grid", { name: "Movements" });
    const newestRow = movements.getByRole("row").nth(1);
    await newestRow.filter({ hasText: "−3kg" }).click();
    const details = page.getByRole("dialog", { name: "Movement" });
    await details.getByRole("button", { name: "Reverse" }).click();
    const asking = page.getByRole("dialog", { name: "Reverse this movement?" });
    await asking.getByRole("button", { name: "Reverse" }).click();
    await asking.waitFor({ state: "detached" });
    await movements.getByText("reversal").first().waitFor();
    await movements.getByText("reversed").first().waitFor();
  });

  test("reads stock and history that are right to the last digit", async () => {
    await openItem(page, home);
    // 12.5 − 0.375 − 0.125 + 2.25 − 1 − 3 + 3, of which 3 stand at the counter.
    await page.getByText("13.25kg").first().waitFor();
    await settled(page);
    const bars = await page.getByRole("listitem").filter({ hasText: "kg" }).allInnerTexts();
    const shown = bars.map((text) => text.replaceAll(/\s+/g, ""));
    assert.ok(shown.includes("Walk-incooler10.25kg"), shown.join(" | "));
    assert.ok(shown.includes("Fishcounter3kg"), shown.join(" | "));

    const history = await cells(page.getByRole("grid", { name: "History" }));
    const balances = history.map((row) => `${row.at(-2)} ${row.at(-1)}`);
    assert.deepEqual(balances.slice(0, 4), [
      "+3kg 13.25kg",
      "−3kg 10.25kg",
      "−1kg 13.25kg",
      "+2.25kg 14.25kg",
    ]);
    assert.deepEqual(balances.slice(-3), ["−0.125kg 12kg", "−0.375kg 12.125kg", "+12.5kg 12.5kg"]);
    assert.equal(balances.length, 9);
  });

  test("is seen by a second browser within a second, which asks for nothing meanwhile", async () => {
    const second = await openWindow(browser, box);
    await signIn(second.page);
    await openItem(second.page, home);
    const bound = await liveBound(async () => {
      await second.page.reload();
      await second.page.getByText("13.25kg").first().waitFor();
    });
    await second.page.getByText("Live", { exact: true }).waitFor();
    await settled(second.page);
    await assert.rejects(
      second.page.waitForEvent("request", { timeout: QUIET_MS }),
      /Timeout/,
      "the second browser asks although nothing changed",
    );

    const asked = [];
    second.page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    const took = [];
    for (const [added, total] of [
      ["0.5", "13.75"],
      ["0.25", "14"],
      ["1", "15"],
    ]) {
      await receive(page, home, added);
      const started = performance.now();
      await second.page.getByText(`${total}kg`).first().waitFor();
      took.push(performance.now() - started);
    }
    assert.ok(Math.min(...took) < bound, `seen after ${took.map(Math.round)} ms`);
    assert.ok(asked.length > 0, "the change came without a request");
    for (const path of asked) assert.match(path, /^\/api\/v1\//);
    assert.deepEqual(second.faults, []);
    await second.context.close();
  });

  test("never met a fault of the page", () => assert.deepEqual(faults, []));
});

async function choose(page, name, text) {
  await page
    .locator("input[type=file]")
    .setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
}

/** The text of every cell of a list, row for row, without the head. */
async function cells(grid) {
  await grid.getByRole("gridcell").first().waitFor();
  return grid
    .getByRole("row")
    .evaluateAll((rows) =>
      rows
        .map((row) => [...row.querySelectorAll("[role=gridcell]")].map((cell) => cell.textContent))
        .filter((row) => row.length > 0),
    );
}

async function fillMovement(page, kind, { place, to, qty, reference }) {
  await page.getByRole("button", { name: "Other movements" }).click();
  await page.getByRole("menuitem", { name: `${kind} stock` }).click();
  const dialog = page.getByRole("dialog", { name: `${kind} stock` });
  await pick(page, dialog, "Item", SALMON.name);
  await pick(page, dialog, kind === "Transfer" ? "From" : "Place", place);
  if (to) await pick(page, dialog, "To", to);
  await dialog.getByLabel(kind === "Adjust" ? "Change" : "Quantity").fill(qty);
  if (reference) await dialog.getByLabel("Reference").fill(reference);
  return dialog;
}

async function post(page, kind, values) {
  const dialog = await fillMovement(page, kind, values);
  await dialog.getByRole("button", { name: `${kind} stock` }).click();
  await dialog.waitFor({ state: "detached" });
}

/** Types into a field with choices and takes the first one that fits. */
async function pick(page, dialog, label, text) {
  const field = dialog.getByRole("combobox", { name: label, exact: true });
  await field.click();
  await field.fill(text);
  await settled(page);
  await page.getByRole("option", { name: text }).first().click();
}

/** The quantities of the newest movements. */
async function newest(page, count) {
  const grid = page.getByRole("grid", { name: "Movements" });
  await grid.getByRole("row").nth(count).waitFor();
  await settled(page);
  return (await cells(grid)).slice(0, count).map((row) => row[4]);
}

async function openItem(page, home) {
  await page.goto(`${home}/inventory/items?q=${SALMON.number}`);
  await page.getByRole("grid", { name: "Items" }).getByText(SALMON.name, { exact: true }).click();
  await page.getByRole("link", { name: "Open page" }).click();
  await page.getByRole("heading", { name: SALMON.name, level: 1 }).waitFor();
}

async function receive(page, home, qty) {
  if (!page.url().endsWith("/movements")) await page.goto(`${home}/inventory/movements`);
  const line = page.getByRole("textbox", { name: "Quick entry" });
  await line.fill(`receive ${qty} kg salmon fillet @cooler-1`);
  await page.getByRole("button", { name: "Receive stock" }).and(page.locator(":enabled")).waitFor();
  const answered = page.waitForResponse((one) => one.request().method() === "POST");
  await line.press("Enter");
  assert.equal((await answered).status(), 201);
}
