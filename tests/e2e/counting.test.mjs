// A long count on a phone: each item asks for its own line, and all are read again but seldom.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { becomes, claim, openWindow, startBrowser } from "./support/browser.mjs";
import { looksWell } from "./support/looks.mjs";
import { items, itemsCsv, LOCATIONS_CSV, openingStockCsv } from "./support/pantry.mjs";

const PHONE = { width: 360, height: 740 };
const ENTRIES = 5;

describe("a long count", () => {
  let box, browser, page, faults, workspace, count, lines, place;
  const asked = { pages: 0, lines: 0 };

  before(async () => {
    [box, browser] = await Promise.all([startBox(), startBrowser()]);
    ({ page, faults } = await openWindow(browser, box, {
      reducedMotion: "reduce",
    }));
    workspace = await claim(page, box);
    const list = items(260);
    await workspace.import("items", itemsCsv(list));
    await workspace.import("locations", LOCATIONS_CSV);
    await workspace.import("opening_stock", openingStockCsv(list));
    count = await workspace.post("/counts", {
      name: "Everything",
      blind: false,
    });
    lines = (await workspace.get(`/counts/${count.id}/lines?limit=200`)).items;
    place = lines[0];
    lines = lines.filter((line) => line.location_id === place.location_id);
    assert.ok(count.lines > 200, `${count.lines} lines fit into one answer`);
    page.on("request", (request) => {
      const { pathname, searchParams } = new URL(request.url());
      if (!pathname.endsWith(`/counts/${count.id}/lines`)) return;
      asked[searchParams.has("item_id") ? "lines" : "pages"] += 1;
    });
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  const done = (number) => page.getByRole("status").getByText(new RegExp(`· ${number} done`));
  const next = async () => {
    await page.getByRole("button", { name: "1", exact: true }).click();
    await page.getByRole("button", { name: "Next", exact: true }).click();
  };
  const enter = (line, number) =>
    workspace.post(`/counts/${count.id}/entries`, {
      entries: [
        {
          client_op: `00000000-0000-7000-8000-${String(number).padStart(12, "0")}`,
          item_id: line.item_id,
          location_id: line.location_id,
          mode: "set",
          qty: "1",
        },
      ],
    });

  test("reads one line with each item, whatever the kitchen does meanwhile", async () => {
    await page.setViewportSize(PHONE);
    await page.goto(`${workspace.home}/inventory/counts/${count.id}/enter`);
    await page.getByRole("button", { name: new RegExp(place.location_name) }).click();
    await done(0).waitFor();
    assert.deepEqual(asked, { pages: Math.ceil(count.lines / 200), lines: 0 });

    asked.pages = 0;
    for (let number = 0; number < ENTRIES; number += 1) {
      await page.getByRole("heading", { name: lines[number].item_name, level: 2 }).waitFor();
      await next();
      await done(number + 1).waitFor();
      await workspace.post("/movements", {
        type: "receive",
        item_id: lines.at(-1).item_id,
        location_id: place.location_id,
        qty: "1",
      });
    }
    await becomes(() => asked.lines, ENTRIES);
    await page.getByLabel("Item number or name").fill(lines[0].item_number);
    const read = page.getByRole("button", {
      name: new RegExp(`${lines[0].item_number}.*Counted.*1`),
    });
    await read.waitFor();
    await page.getByLabel("Item number or name").fill("");
    assert.deepEqual(asked, { pages: 0, lines: ENTRIES });
    await looksWell(page, "counting-long");
    await page.setViewportSize(PHONE);
  });

  test("shows what somebody else entered without being asked", async () => {
    asked.pages = 0;
    await enter(lines[ENTRIES + 1], 1);
    await done(ENTRIES + 1).waitFor();
    assert.equal(asked.pages, Math.ceil(count.lines / 200));
  });

  test("is not approved before all lines are there", async () => {
    await workspace.post(`/counts/${count.id}/submit`, {});
    await page.setViewportSize({ width: 1280, height: 800 });
    const isWhole = (url) => url.pathname.endsWith("/lines") && !url.searchParams.has("order");
    await page.route(isWhole, (route) => route.fulfill({ status: 500, body: "" }));
    await page.goto(`${workspace.home}/inventory/counts/${count.id}`);
    await page.getByRole("button", { name: "Approve" }).click();
    const dialog = page.getByRole("dialog", { name: "Approve the count?" });
    await dialog.getByRole("alert").waitFor();
    assert.equal(await dialog.getByRole("button", { name: "Approve" }).isDisabled(), true);
    await looksWell(page, "count-approve-failed");
    await page.unroute(isWhole);
    await dialog.getByRole("button", { name: "Try again" }).click();
    await dialog.getByText(/lines? changes? the stock/).waitFor();
    await dialog.getByRole("button", { name: "Approve" }).click();
    await page.getByText("Applied").first().waitFor();
  });

  test("of single items takes those that are chosen one after the other", async () => {
    await page.goto(`${workspace.home}/inventory/counts`);
    await page.getByRole("button", { name: "New count" }).click();
    const dialog = page.getByRole("dialog", { name: "New count" });
    await dialog.getByLabel("Name").fill("What looked odd");
    const [first, second, third] = lines;
    for (const line of [first, second, third]) {
      await dialog.getByRole("combobox", { name: "Only these items" }).fill(line.item_number);
      await page.getByRole("option", { name: line.item_number }).click();
      await dialog.getByRole("button", { name: `Remove: ${line.item_name}` }).waitFor();
    }
    await looksWell(page, "counts-new-items");
    await dialog.getByRole("button", { name: `Remove: ${second.item_name}` }).click();
    await dialog.getByRole("button", { name: "Open the count" }).click();
    await page.getByRole("heading", { name: "What looked odd", level: 1 }).waitFor();
    const [made] = (await workspace.get("/counts")).items;
    assert.equal(made.scope.items, 2);
    const counted = (await workspace.get(`/counts/${made.id}/lines`)).items;
    assert.deepEqual(
      new Set(counted.map((line) => line.item_id)),
      new Set([first.item_id, third.item_id]),
    );
  });

  test("never met a fault of the page", () =>
    assert.deepEqual(
      faults.filter((fault) => !/500/.test(fault)),
      [],
    ));
});
