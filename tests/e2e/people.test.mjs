// People come by a link, see what their role may see, and are gone the moment they are removed.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import {
  ask,
  claim,
  liveBound,
  openWindow,
  PERSON,
  signIn,
  startBrowser,
  WORKSPACE,
} from "./support/browser.mjs";
import { accept, changeRole, invite, open, patch, timed } from "./support/people.mjs";
import { settled } from "./support/screens.mjs";

/** A busy machine may be late once; a box that does not push is late every time. */
const ROUNDS = 3;
const COUNTER = {
  name: "Ben Okafor",
  email: "ben@harbour.example",
  password: "copper-kettle-fjord-71-moss",
};
const VIEWER = {
  name: "Dana Ábel",
  email: "dana@harbour.example",
  password: "paper-harbor-violet-19-oak",
};
const ITEMS = `item_number,name,unit,category,min_qty,max_qty,unit_cost,barcodes,temp_zone
FIS-1,Salmon fillet,kg,Fish,2,9,14.90,,cooler
`;

describe("people of a workspace", () => {
  let box, browser, owner, counter, viewer, workspace;

  before(async () => {
    box = await startBox();
    browser = await startBrowser();
    [owner, counter, viewer] = await Promise.all(
      [1, 2, 3].map(() => openWindow(browser, box, { reducedMotion: "reduce" })),
    );
    workspace = await claim(owner.page, box);
    await workspace.import("items", ITEMS);
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  test("come by a link that an owner passes on", async () => {
    const links = {
      counter: await invite(owner.page, workspace, COUNTER.email, "Counter"),
      viewer: await invite(owner.page, workspace, VIEWER.email, "Viewer"),
    };
    await owner.page.goto(`${workspace.home}/people?show=invited`);
    await owner.page.getByText("Invited (2)").waitFor();

    await accept(counter.page, links.counter, COUNTER, "Counter");
    await accept(viewer.page, links.viewer, VIEWER, "Viewer");

    await owner.page.goto(`${workspace.home}/people`);
    await owner.page.getByText("Members (3)").waitFor();
    await owner.page.getByText("Invited", { exact: true }).waitFor();
    const again = await openWindow(browser, box);
    await again.page.goto(links.viewer);
    await again.page.getByText("This invitation does not work").waitFor();
    await again.context.close();
  });

  test("are told when a link is somebody else's, and can sign out in place", async () => {
    const link = await invite(owner.page, workspace, "eve@harbour.example", "Viewer");
    const other = await openWindow(browser, box);
    await signIn(other.page);
    await other.page.goto(link);
    await other.page.getByText("This invitation is for somebody else").waitFor();
    await other.page.getByText(PERSON.email).waitFor();
    await other.page.getByRole("button", { name: "Sign out and go on" }).click();
    await other.page.getByLabel("Your name").waitFor();
    await other.context.close();
  });

  test("get a new link when the one before was lost", async () => {
    const email = "eve@harbour.example";
    const lost = await invite(owner.page, workspace, email, "Viewer");
    await owner.page.goto(`${workspace.home}/people?show=invited`);
    await owner.page.getByRole("button", { name: `New link for ${email}` }).click();
    const dialog = owner.page.getByRole("dialog", { name: `New link for ${email}?` });
    await dialog.getByRole("button", { name: "Make the link" }).click();
    const made = owner.page.getByRole("dialog", { name: `Send this link to ${email}` });
    await made.getByRole("button", { name: "Done" }).waitFor();
    const link = await made.locator("code").textContent();
    await made.getByRole("button", { name: "Done" }).click();
    await owner.page.getByText("waiting", { exact: true }).waitFor();

    const other = await openWindow(browser, box);
    await other.page.goto(lost);
    await other.page.getByText("This invitation does not work").waitFor();
    await other.page.goto(link);
    await other.page.getByLabel("Your name").waitFor();
    await other.context.close();
  });

  test("see neither prices nor menus that are not theirs", async () => {
    for (const person of [counter, viewer]) {
      const { page } = person;
      await page.goto(`${workspace.home}/inventory/items`);
      await page.getByText("Salmon fillet").waitFor();
      await settled(page);
      const menu = page.getByRole("navigation", { name: "Main" });
      const entries = await menu.getByRole("link").allTextContents();
      // Salmon is low, whose number stands behind the entry.
      const names = entries.map((entry) => entry.replace(/\d+$/, ""));
      assert.deepEqual(names, [
        "Today",
        "Items",
        "Stock",
        "Movements",
        "Locations",
        "Low stock",
        ...(person === counter ? ["Counts"] : []),
        "People",
      ]);
      await assert.rejects(ask(page, "GET", workspace.api.replace(/inventory$/, "members")), /403/);
      const shown = await page.locator("body").innerText();
      assert.doesNotMatch(shown, /14[.,]9/);
      const item = await ask(page, "GET", `${workspace.api}/items`);
      assert.equal("unit_cost" in item.items[0], false, "the price is in the answer");
      assert.equal(await page.getByRole("link", { name: "New item" }).count(), 0);

      await page.goto(`${workspace.home}/people`);
      await page.getByText("You see yourself here.").waitFor();
      await settled(page);
      assert.doesNotMatch(await page.locator("main").innerText(), new RegExp(PERSON.name));
    }
  });

  test("get and lose what a role may in the window that is open, within a second", async () => {
    const bound = await liveBound(async () => {
      await counter.page.goto(`${workspace.home}/inventory/items`);
      await counter.page.getByText("Salmon fillet").waitFor();
    });
    await counter.page.getByText("Live", { exact: true }).waitFor();
    const bin = counter.page.getByRole("link", { name: "Recycle bin" });
    const price = counter.page.getByText("€14.90");
    const seen = (state) => () => Promise.all([bin.waitFor({ state }), price.waitFor({ state })]);
    const [gained, lost] = [[], []];
    for (let round = 0; round < ROUNDS; round += 1) {
      const make = (role) => () => changeRole(owner.page, workspace, COUNTER.name, role);
      gained.push(await timed(make("Manager"), seen("visible")));
      lost.push(await timed(make("Counter"), seen("detached")));
    }
    assert.ok(Math.min(...gained) < bound, `seen after ${gained.map(Math.round)} ms`);
    assert.ok(Math.min(...lost) < bound, `gone after ${lost.map(Math.round)} ms`);
  });

  test("are gone at once when they are removed", async () => {
    await viewer.page.goto(`${workspace.home}/inventory/items`);
    await viewer.page.getByText("Salmon fillet").waitFor();
    await viewer.page.getByText("Live", { exact: true }).waitFor();
    await open(owner.page, workspace, VIEWER.name);
    await owner.page.getByRole("button", { name: "Remove from workspace" }).click();
    const dialog = owner.page.getByRole("dialog", {
      name: `Remove ${VIEWER.name}`,
    });
    await dialog.getByRole("button", { name: "Remove from workspace" }).click();
    await owner.page.getByText("Members (2)").waitFor();

    await viewer.page.getByText("You are not in this workspace").waitFor();
    await assert.rejects(ask(viewer.page, "GET", `${workspace.api}/items`), /404/);
  });

  test("are seen to be renamed and shut out in a list that is open", async () => {
    const { context, page } = await openWindow(browser, box, { reducedMotion: "reduce" });
    await signIn(page);
    await page.goto(`${workspace.home}/people`);
    await page.getByText(COUNTER.name).waitFor();
    await page.getByText("Live", { exact: true }).waitFor();
    const users = `/api/v1/users?q=${COUNTER.email}`;
    const { items } = await ask(owner.page, "GET", users);
    const [{ id, version }] = items;
    await patch(owner.page, `/api/v1/users/${id}`, version, { name: "Benedict Okafor" });
    await page.getByText("Benedict Okafor").waitFor();
    await patch(owner.page, `/api/v1/users/${id}`, version + 1, { disabled: true });
    await page.getByText("cannot sign in", { exact: true }).waitFor();
    await context.close();
  });

  test("of the box choose a password by a link, until they are disabled", async () => {
    const person = { name: "Gil Moreau", email: "gil@harbour.example" };
    const password = "walnut-ember-canal-58-frost";
    await owner.page.goto("/box/users");
    await owner.page.getByRole("button", { name: "New user" }).click();
    const dialog = owner.page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: "Name" }).fill(person.name);
    await dialog.getByRole("textbox", { name: "Email" }).fill(person.email);
    await dialog.getByRole("button", { name: "Create user" }).click();
    const link = await dialog.locator("code").textContent();
    await dialog.getByRole("button", { name: "Done" }).click();

    const { context, page } = await openWindow(browser, box);
    await page.goto(link);
    await page.getByRole("textbox", { name: "New password" }).fill(password);
    await page.getByRole("button", { name: "Set password" }).click();
    await page.getByText("The password is set").waitFor();
    await page.getByLabel("Password", { exact: true }).fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("You are in no workspace yet").waitFor();
    await page.goto("/box/users");
    await page.getByText("Only operators of the box see its users.").waitFor();
    await page.goto(link);
    await page.getByText("This link does not work").waitFor();

    await owner.page.getByRole("row").filter({ hasText: person.name }).click();
    await owner.page.getByRole("button", { name: "Disable" }).click();
    await owner.page.getByRole("dialog").getByRole("button", { name: "Disable" }).click();
    await owner.page.getByRole("button", { name: "Enable" }).waitFor();
    await assert.rejects(ask(page, "GET", "/api/v1/me"), /401/);
    await context.close();
  });

  test("cannot leave a workspace without an owner", async () => {
    await owner.page.goto(`${workspace.home}/people`);
    await owner.page.getByRole("button", { name: "More actions" }).click();
    await owner.page.getByRole("menuitem", { name: "Leave workspace" }).click();
    const dialog = owner.page.getByRole("dialog", {
      name: `Leave ${WORKSPACE}?`,
    });
    await dialog.getByRole("button", { name: "Leave workspace" }).click();
    await dialog.getByRole("alert").getByText("last owner").waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
  });

  test("met no fault of the page", () =>
    assert.deepEqual(
      [owner, counter, viewer].flatMap((one) => one.faults),
      [],
    ));
});
