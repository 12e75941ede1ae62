// Everything by keys alone: sign in, find, open, receive.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, PERSON, startBrowser } from "./support/browser.mjs";
import { items, itemsCsv, LOCATIONS_CSV } from "./support/pantry.mjs";

describe("a person with a keyboard only", () => {
  let box, browser, page, faults, workspace;

  before(async () => {
    box = await startBox();
    browser = await startBrowser();
    const owner = await openWindow(browser, box);
    workspace = await claim(owner.page, box);
    await workspace.import("items", itemsCsv(items(60)));
    await workspace.import("locations", LOCATIONS_CSV);
    ({ page, faults } = await openWindow(browser, box));
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  const focused = () =>
    page.evaluate(() => {
      const at = document.activeElement;
      return (
        at?.getAttribute("aria-label") ?? at?.labels?.[0]?.textContent ?? at?.textContent ?? ""
      );
    });
  /**
   * Presses a key, and goes on when the page's timers have run, as everybody is slower than those:
   * fields and dialogs put a part of their work off by a timer, and a busy browser prefers keys.
   */
  const press = async (key) => {
    await page.keyboard.press(key);
    await page.evaluate(() => new Promise((done) => setTimeout(done)));
  };
  /** Presses Tab until the element asked for has the focus; at most as often as a page has stops. */
  const tabTo = async (name) => {
    for (let stops = 0; stops < 60; stops += 1) {
      if (name.test(await focused())) return;
      await press("Tab");
    }
    assert.fail(`Tab never reaches ${name}, it ends at “${await focused()}”`);
  };

  test("signs in", async () => {
    await page.goto("/sign-in");
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    await tabTo(/^Email/);
    await page.keyboard.type(PERSON.email);
    await tabTo(/^Password/);
    await page.keyboard.type(PERSON.password);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Today", level: 1 }).waitFor();
  });

  test("goes to the items by the palette", async () => {
    await page.keyboard.press("Control+K");
    await page.getByRole("combobox", { name: "Search and go" }).waitFor();
    await page.keyboard.type("items");
    await page.getByRole("option", { name: /^Items/, selected: true }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Items", level: 1 }).waitFor();
    await page.getByText("60 rows").waitFor();
  });

  test("filters with a slash and opens an item", async () => {
    await page.keyboard.press("/");
    await page.locator("input:focus").waitFor();
    assert.match(await focused(), /^Search name, number, barcode/);
    await page.keyboard.type("salmon");
    await page.getByText("1 row", { exact: true }).waitFor();
    assert.match(page.url(), /[?&]q=salmon/, "the filter stands in the address");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Salmon fillet", level: 1 }).waitFor();
  });

  test("receives stock in the dialog", async () => {
    await page.getByRole("button", { name: "Receive", exact: true }).waitFor();
    await tabTo(/^Receive$/);
    await press("Enter");
    const dialog = page.getByRole("dialog", { name: "Receive stock" });
    await dialog.getByLabel("Quantity").and(page.locator(":focus")).waitFor();
    await tabTo(/^Place/);
    for (const letter of "walk") await press(letter);
    await page.getByRole("option", { name: /Walk-in cooler/ }).waitFor();
    await press("ArrowDown");
    await page.locator("[role=option][data-combobox-selected]").waitFor();
    await press("Enter");
    await tabTo(/^Quantity/);
    await page.keyboard.type("6.4");
    await page.keyboard.press("Control+Enter");
    await dialog.waitFor({ state: "detached" });
    await page.getByText("6.4kg").first().waitFor();
    const { items: found } = await workspace.get("/items?q=salmon");
    assert.equal(Number(found[0].on_hand), 6.4);
  });

  test("lists all keys and jumps with g and a letter", async () => {
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("g");
    await page.keyboard.press("m");
    await page.getByRole("heading", { name: "Movements", level: 1 }).waitFor();
  });

  test("never met a fault of the page", () => assert.deepEqual(faults, []));
});
