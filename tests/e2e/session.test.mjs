// A session that ends while somebody types: nothing typed is lost.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, PERSON, startBrowser } from "./support/browser.mjs";

describe("a session that ends while a form is open", () => {
  let box, browser, context, page, faults, workspace;

  before(async () => {
    box = await startBox();
    browser = await startBrowser();
    ({ context, page, faults } = await openWindow(browser, box));
    workspace = await claim(page, box);
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  test("asks to sign in again in place and then saves what was typed", async () => {
    // The stream would tell the page of the end before the button is pressed.
    await context.route("**/events", (route) => route.abort());
    await page.goto(`${workspace.home}/inventory/items/new`);
    await page.getByLabel("Name", { exact: true }).fill("Octopus, cooked");
    await page.getByLabel("Number", { exact: true }).fill("FIS-77");
    await page.getByLabel("Unit", { exact: true }).fill("kg");
    await page.getByLabel(/^Notes/).fill("Keep the cooking water.");
    const ended = await context.request.post("/api/v1/auth/logout", {
      headers: { Origin: box.origin },
    });
    assert.equal(ended.status(), 204);
    await page.getByRole("button", { name: "Add item" }).click();

    const again = page.getByRole("dialog", { name: "Your session has ended" });
    await again.getByText(PERSON.email).waitFor();
    assert.equal(new URL(page.url()).pathname, `${workspace.home}/inventory/items/new`);
    await again.getByLabel("Password", { exact: true }).fill("not the password at all");
    await again.getByRole("button", { name: "Sign in and go on" }).click();
    await again.getByRole("alert").waitFor();
    await again.getByLabel("Password", { exact: true }).fill(PERSON.password);
    await again.getByRole("button", { name: "Sign in and go on" }).click();

    await page.getByRole("heading", { name: "Octopus, cooked", level: 1 }).waitFor();
    await page.getByText("Keep the cooking water.").waitFor();
    const { items } = await workspace.get("/items?q=octopus");
    assert.deepEqual(
      items.map((one) => [one.item_number, one.unit]),
      [["FIS-77", "kg"]],
    );
    await context.unroute("**/events");
  });

  test("keeps a dialog and its fields when the cookie is simply gone", async () => {
    await workspace.post("/locations", { code: "bar", name: "Bar" });
    const { items } = await workspace.get("/items?q=octopus");
    await page.goto(`${workspace.home}/inventory/movements?post=receive&for=${items[0].id}`);
    const dialog = page.getByRole("dialog", { name: "Receive stock" });
    await dialog.getByLabel("Quantity").fill("7.125");
    const place = dialog.getByRole("combobox", { name: "Place", exact: true });
    await place.click();
    await page.getByRole("option", { name: "Bar" }).click();
    await context.clearCookies();
    await dialog.getByRole("button", { name: "Receive stock" }).click();

    const again = page.getByRole("dialog", { name: "Your session has ended" });
    await again.getByLabel("Password", { exact: true }).fill(PERSON.password);
    await again.getByLabel("Password", { exact: true }).press("Enter");
    await dialog.waitFor({ state: "detached" });
    await page.getByRole("grid", { name: "Movements" }).getByText("+7.125").waitFor();
    const { items: moved } = await workspace.get("/movements");
    assert.equal(moved.length, 1, "one movement was posted, not two");
  });

  test("never met a fault of the page", () => assert.deepEqual(faults, []));
});
