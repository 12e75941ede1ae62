// Two workspaces on one box: what is in one is not seen in the other; what was deleted comes back;
// the nightly check is run and seen; an app is switched off and on.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import {
  becomes,
  claim,
  openWindow,
  startBrowser,
  WORKSPACE,
} from "./support/browser.mjs";
import { items, itemsCsv, LOCATIONS_CSV } from "./support/pantry.mjs";
import { settled } from "./support/screens.mjs";

const ITEMS = items(20);
const SALMON = ITEMS.find((one) => one.name === "Salmon fillet");
const SECOND = "Island bakery";
/** Half a year of a kitchen group, on a machine that has other things to do as well. */
const SAMPLE_MS_MAX = 120_000;

describe("an operator with two clients", () => {
  let box, browser, page, faults, first, second;

  before(async () => {
    box = await startBox();
    browser = await startBrowser();
    ({ page, faults } = await openWindow(browser, box, {
      reducedMotion: "reduce",
    }));
    first = await claim(page, box);
    await first.import("items", itemsCsv(ITEMS));
    await first.import("locations", LOCATIONS_CSV);
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  test("makes a second workspace and lands in it", async () => {
    await page.goto(first.home);
    await page.getByRole("button", { name: `Workspace: ${WORKSPACE}` }).click();
    await page.getByRole("menuitem", { name: "New workspace" }).click();
    const dialog = page.getByRole("dialog", { name: "New workspace" });
    await dialog.getByLabel("Name").fill(SECOND);
    await dialog.getByRole("button", { name: "Create workspace" }).click();
    await page.getByRole("button", { name: `Workspace: ${SECOND}` }).waitFor();
    await page.getByText("Bring in your items").waitFor();
    second = new URL(page.url()).pathname;
    assert.match(second, /^\/w\/[^/]+$/);
    assert.notEqual(second, first.home);
  });

  test("makes a workspace with sample data, which says that it is one", async () => {
    await page.goto("/workspaces?new=true");
    const dialog = page.getByRole("dialog", { name: "New workspace" });
    await dialog.getByLabel("Name").fill("To play in");
    await dialog.getByLabel("Fill it with the sample kitchen group").check();
    await dialog.getByRole("button", { name: "Create workspace" }).click();
    await page.getByRole("button", { name: "Workspace: To play in" }).waitFor();
    await page.getByText("Sample data: try anything").waitFor();
    const sample = new URL(page.url()).pathname;
    await page.goto(`${sample}/inventory/items`);
    await page.getByRole("grid").getByRole("row").nth(5).waitFor();

    // It is loaded by a job of its own, which the later ones would wait behind.
    await page.goto("/box/jobs");
    const history = page.getByRole("grid", { name: "History" });
    const load = history.getByRole("row").filter({ hasText: "Load sample data" });
    await load.getByText("done", { exact: true }).waitFor({ timeout: SAMPLE_MS_MAX });
  });

  test("finds nothing of the first in the second", async () => {
    await page.goto(`${second}/inventory/items`);
    await page.getByText("Your items belong here").waitFor();
    await page.goto(`${second}/search?q=salmon`);
    await page.getByText("Nothing fits").waitFor();
    await page.goto(`${first.home}/search?q=salmon`);
    await page
      .getByRole("grid", { name: "Results" })
      .getByText(SALMON.name)
      .first()
      .waitFor();
  });

  test("brings an item back that was deleted by mistake", async () => {
    await page.goto(`${first.home}/inventory/items?q=${SALMON.number}`);
    const list = page.getByRole("grid", { name: "Items" });
    await list.getByText(SALMON.name, { exact: true }).dblclick();
    await page.getByRole("heading", { name: SALMON.name, level: 1 }).waitFor();
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("menuitem", { name: "Delete item" }).click();
    const asking = page.getByRole("dialog", {
      name: `Delete “${SALMON.name}”?`,
    });
    await asking.getByRole("button", { name: "Delete item" }).click();
    await asking.waitFor({ state: "detached" });

    await page.goto(`${first.home}/deleted`);
    const bin = page.getByRole("grid", { name: "Recycle bin" });
    await bin.getByText("30 days left").waitFor();
    await bin.getByRole("button", { name: `Restore: ${SALMON.name}` }).click();
    await page.getByText("Nothing was deleted in the last 30 days").waitFor();

    await page.goto(`${first.home}/inventory/items?q=${SALMON.number}`);
    await list.getByText(SALMON.name, { exact: true }).waitFor();
  });

  test("has stock checked now and sees that it is right", async () => {
    await page.goto(`${first.home}/jobs`);
    await page.getByRole("button", { name: /^Run now: Check stock/ }).click();
    const job = page.getByRole("complementary", { name: "Job" });
    await job.getByText("done", { exact: true }).waitFor();
    await job
      .getByText(/checked/)
      .first()
      .waitFor();
    await page.waitForURL(/[?&]panel=/);
    await page
      .getByRole("grid", { name: "History" })
      .getByText("done")
      .first()
      .waitFor();
  });

  test("switches an app off, and it is nowhere any more", async () => {
    await page.goto(`${second}/settings`);
    await page.getByRole("switch", { name: "Inventory" }).click();
    await page.getByRole("button", { name: "Save settings" }).click();
    const menu = page.getByRole("navigation", { name: "Main" });
    await menu
      .getByRole("link", { name: "Stock", exact: true })
      .waitFor({ state: "detached" });
    await page.goto(`${second}/inventory/items`);
    await page
      .getByRole("heading", { name: "Inventory is switched off here" })
      .waitFor();
    await page.goto(`${first.home}/inventory/items`);
    await menu.getByRole("link", { name: "Stock", exact: true }).waitFor();
  });

  test("deletes a workspace by typing its name, and brings it back", async () => {
    await page.goto(`${second}/settings`);
    await page.getByRole("button", { name: "Delete workspace" }).click();
    const asking = page.getByRole("dialog", { name: `Delete “${SECOND}”?` });
    const sure = asking.getByRole("button", { name: "Delete workspace" });
    await becomes(() => sure.isDisabled(), true, "it can be deleted without its name");
    await asking.getByLabel(`Type “${SECOND}” to go on`).fill(SECOND);
    await sure.click();

    const list = page.getByRole("grid", { name: "Workspaces" });
    await list.getByText(SECOND).click();
    const look = page.getByRole("complementary", { name: SECOND });
    await look.getByText(/^Gone for good on/).waitFor();
    await look.getByRole("button", { name: "Restore" }).click();
    await page.getByText("No workspace is in this state.").waitFor();
    await page.goto(second);
    await page.getByRole("button", { name: `Workspace: ${SECOND}` }).waitFor();
  });

  test("archives one, which says so and offers no change", async () => {
    await page.goto(`${first.home}/settings`);
    await page.getByRole("button", { name: "Archive", exact: true }).click();
    const asking = page.getByRole("dialog", {
      name: `Archive “${WORKSPACE}”?`,
    });
    await asking.getByRole("button", { name: "Archive" }).click();
    await page.getByText("This workspace is archived").waitFor();
    await page.goto(`${first.home}/inventory/items`);
    await page
      .getByRole("grid", { name: "Items" })
      .getByText(SALMON.name)
      .first()
      .waitFor();
    await settled(page);
    assert.equal(await page.getByRole("link", { name: "New item" }).count(), 0);
    await page.getByRole("button", { name: "Take up again" }).click();
    await page.getByRole("link", { name: "New item" }).first().waitFor();
  });

  test("never met a fault of the page", () => assert.deepEqual(faults, []));
});
