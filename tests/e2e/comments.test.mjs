// What people say about items and orders: written, mentioned in, read live, changed, deleted.
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
import { looksWell } from "./support/looks.mjs";
import { accept, invite } from "./support/people.mjs";

const BEN = {
  name: "Ben Okoro",
  email: "ben@harbour.example",
  password: "amber-kettle-violin-93-fjord",
};
const EVE = {
  name: "Eve Marsh",
  email: "eve@harbour.example",
  password: "tulip-anchor-mosaic-17-cedar",
};
const PHONE = { width: 360, height: 780 };

describe("comments", () => {
  let box, browser, ana, ben, eve, workspace, item, order;

  before(async () => {
    [box, browser] = await Promise.all([startBox(), startBrowser()]);
    const window = (more = {}) =>
      openWindow(browser, box, { reducedMotion: "reduce", ...more });
    const phone = { viewport: PHONE, hasTouch: true };
    [ana, ben, eve] = await Promise.all([window(), window(), window(phone)]);
    workspace = await claim(ana.page, box);
    const made = { item_number: "S-1", name: "Salmon fillet", unit: "kg" };
    item = await workspace.post("/items", made);
    order = await workspace.post("/purchase-orders", {
      lines: [{ item_id: item.id, req_qty: "2", unit_price: "3.1700" }],
    });
    for (const [who, person, role] of [
      [ben, BEN, "Manager"],
      [eve, EVE, "Counter"],
    ])
      await accept(
        who.page,
        await invite(ana.page, workspace, person.email, role),
        person,
        role,
      );
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  const section = (page) => page.getByRole("region", { name: "Comments" });
  const area = (page, label = "Write a comment") =>
    section(page).getByRole("textbox", { name: label });
  const entries = (page) =>
    section(page).getByRole("list", { name: "Comments" }).getByRole("listitem");
  const more = async (page, name, what) => {
    const label = `More to do with the comment by ${name}`;
    await entries(page).first().getByRole("button", { name: label }).click();
    await page.getByRole("menuitem", { name: what }).click();
  };

  test("are written with the keyboard, and @ finds people", async () => {
    const { page } = ana;
    await page.goto(`${workspace.home}/inventory/items/${item.id}`);
    await section(page).getByText("Nobody has commented yet.").waitFor();
    await looksWell(page, "comments-none", { fullPage: true });
    await area(page).pressSequentially("Is the label right?\n@be");
    const people = page.getByRole("listbox", { name: "People to mention" });
    await people.getByRole("option", { name: /Ben Okoro/ }).waitFor();
    assert.equal(await people.getByRole("option").count(), 1);
    await looksWell(page, "comments-mention", { fullPage: true });
    await area(page).press("Enter");
    assert.equal(
      await area(page).inputValue(),
      "Is the label right?\n@Ben Okoro ",
    );
    await people.waitFor({ state: "detached" });
    await area(page).pressSequentially("knows");
    await area(page).press("Control+Enter");

    await entries(page).getByText("@Ben Okoro").waitFor();
    assert.equal(await entries(page).count(), 1);
    await becomes(() => area(page).inputValue(), "");
    const kept = await workspace.get(`/items/${item.id}/comments`);
    const { id } = kept.items[0].mentions[0];
    assert.equal(kept.items[0].text, `Is the label right?\n@{${id}} knows`);
  });

  test("lead whom they mention to them, by the bell", async () => {
    const { page } = ben;
    await page.getByRole("button", { name: /Notices: \d unread/ }).click();
    const panel = page.getByRole("dialog", { name: "Notices" });
    const told = panel.getByRole("button", { name: /mentioned you/ });
    await panel
      .getByText(`In a comment on Salmon fillet in ${WORKSPACE}.`)
      .waitFor();
    await told.click();
    await page
      .getByRole("heading", { name: "Salmon fillet", level: 1 })
      .waitFor();
    await entries(page).getByText("@Ben Okoro").waitFor();
    assert.equal(new URL(page.url()).hash, "#comments");
    await becomes(
      () => section(page).evaluate((it) => it.getBoundingClientRect().top < 900),
      true,
    );
  });

  test("are read live, and changed and deleted by whoever wrote them", async () => {
    const { page } = ben;
    await area(page).fill("It is off by one");
    await section(page).getByRole("button", { name: "Comment" }).click();
    await entries(ana.page).getByText("It is off by one").waitFor();

    await more(page, BEN.name, "Edit");
    const box = area(page, "Change your comment");
    await box.fill("It was off by one");
    await section(page).getByRole("button", { name: "Save" }).click();
    await entries(ana.page).getByText("It was off by one").waitFor();
    await entries(ana.page).first().getByText("edited").waitFor();
    await looksWell(ana.page, "comments-two", { fullPage: true });

    await more(page, BEN.name, "Delete");
    await page
      .getByRole("dialog")
      .getByRole("button", { name: "Delete" })
      .click();
    await entries(ana.page)
      .getByText("It was off by one")
      .waitFor({ state: "detached" });
    await becomes(() => entries(page).count(), 1);
  });

  test("what two windows change at once is not lost", async () => {
    const { page } = ana;
    await more(page, "Ana Kovač", "Edit");
    const { items } = await workspace.get(`/items/${item.id}/comments`);
    const path = `${workspace.api}/items/${item.id}/comments/${items[0].id}`;
    await page.evaluate(async (path) => {
      const headers = { "Content-Type": "application/json", "If-Match": '"1"' };
      const body = JSON.stringify({ text: "from elsewhere" });
      await fetch(path, { method: "PUT", headers, body });
    }, path);
    await entries(page).getByText("from elsewhere").waitFor();
    await area(page, "Change your comment").fill("from here");
    await section(page).getByRole("button", { name: "Save" }).click();
    await section(page)
      .getByText(/Somebody changed this/)
      .waitFor();
    assert.equal(
      await area(page, "Change your comment").inputValue(),
      "from here",
    );
    await section(page).getByRole("button", { name: "Save" }).click();
    await entries(page).locator("p", { hasText: "from here" }).waitFor();
  });

  test("are too long before they are sent", async () => {
    const { page } = ana;
    await area(page).fill("x".repeat(4001));
    await section(page).getByText("1 character too many").waitFor();
    const send = section(page).getByRole("button", {
      name: "Comment",
      exact: true,
    });
    assert.equal(await send.isDisabled(), true);
    await area(page).fill("");
  });

  test("of orders offer only those who see orders", async () => {
    const { page } = ana;
    await page.goto(`${workspace.home}/inventory/orders/${order.id}`);
    await section(page)
      .getByRole("button", { name: "Mention" })
      .click();
    const people = page.getByRole("listbox", { name: "People to mention" });
    await people.getByRole("option", { name: /Ben Okoro/ }).waitFor();
    const names = await people.getByRole("option").allTextContents();
    assert.deepEqual(names, ["Ben OkoroManager"], "neither Eve nor oneself");
    await people.getByRole("option", { name: /Ben Okoro/ }).click();
    await area(page).pressSequentially("3.17 is too dear");
    await section(page).getByRole("button", { name: "Comment" }).click();
    await entries(page).getByText("too dear").waitFor();
    await looksWell(page, "comments-order", { fullPage: true });
    await page.emulateMedia({ media: "print" });
    await section(page).waitFor({ state: "hidden" });
    await page.emulateMedia({ media: "screen" });
  });

  test("are read on a phone by a counter, who writes none", async () => {
    const { page } = eve;
    await page.goto(`${workspace.home}/inventory/items/${item.id}`);
    await entries(page).locator("p", { hasText: "from here" }).waitFor();
    assert.equal(await area(page).count(), 0);
    const more = section(page).getByRole("button", { name: /^More to do/ });
    assert.equal(await more.count(), 0);
    await page.goto(`${workspace.home}/inventory/orders/${order.id}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    assert.equal(await page.getByText("too dear").count(), 0);
    for (const { faults } of [ana, ben, eve]) assert.deepEqual(faults, []);
  });

  test("are written by touch at 360 pixels", async () => {
    const { page, faults, context } = await openWindow(browser, box, {
      reducedMotion: "reduce",
      viewport: PHONE,
      hasTouch: true,
    });
    await page.goto("/sign-in");
    await page.getByLabel("Email").fill(BEN.email);
    await page.getByLabel("Password", { exact: true }).fill(BEN.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Today", level: 1 }).waitFor();
    await page.goto(`${workspace.home}/inventory/items/${item.id}#comments`);
    const mention = { name: "Mention" };
    await section(page).getByRole("button", mention).tap();
    const people = page.getByRole("listbox", { name: "People to mention" });
    const eveHere = people.getByRole("option", { name: /Eve Marsh/ });
    await eveHere.waitFor();
    const { width } = await eveHere.boundingBox();
    assert.ok(width <= PHONE.width, `${width}`);
    if (process.env.SHOTS)
      await page.screenshot({
        path: `${process.env.SHOTS}/comments-touch-360.png`,
      });
    await eveHere.tap();
    await area(page).pressSequentially("has the key");
    await section(page).getByRole("button", { name: "Comment" }).tap();
    await entries(page).first().getByText("@Eve Marsh").waitFor();
    if (process.env.SHOTS)
      await section(page).screenshot({
        path: `${process.env.SHOTS}/comments-list-360.png`,
      });
    const wide = await page.evaluate(
      () => document.documentElement.scrollWidth > window.innerWidth,
    );
    assert.equal(wide, false, "nothing is wider than the phone");
    assert.deepEqual(faults, []);
    await context.close();
  });
});
