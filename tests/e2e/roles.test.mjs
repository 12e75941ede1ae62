// A workspace makes a role of its own, invites somebody to it, changes it under their hands and
// takes it away again; the table says who may what.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import {
  becomes,
  claim,
  openWindow,
  startBrowser,
} from "./support/browser.mjs";
import { accept, changeRole, invite } from "./support/people.mjs";

const NEWCOMER = {
  name: "Ben Okafor",
  email: "ben@harbour.example",
  password: "copper-kettle-fjord-71-moss",
};
const ROLE = "Night shift";

describe("roles of a workspace's own", () => {
  let box, browser, owner, newcomer, workspace;

  before(async () => {
    box = await startBox();
    browser = await startBrowser();
    [owner, newcomer] = await Promise.all(
      [1, 2].map(() => openWindow(browser, box, { reducedMotion: "reduce" })),
    );
    workspace = await claim(owner.page, box);
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  const openRoles = async (page) => {
    await page.goto(`${workspace.home}/people?show=roles`);
    await page.getByRole("region", { name: "Who may what" }).waitFor();
  };
  /** The cell of a permission and a role in the table. */
  const mayIn = async (page, permission, role) => {
    const table = page.getByRole("table");
    const heads = await table.getByRole("columnheader").allTextContents();
    const at = heads.findIndex((text) => text.startsWith(role));
    assert.ok(at > 0, `${role} in ${heads}`);
    const row = table.getByRole("row").filter({ hasText: permission });
    const mark = row
      .getByRole("cell")
      .nth(at - 1)
      .getByRole("img");
    return mark.getAttribute("aria-label");
  };

  test("are made by hand, with nothing ticked refused", async () => {
    const { page } = owner;
    await openRoles(page);
    await page.getByText("No role of your own yet").waitFor();
    await page.getByRole("button", { name: "New role" }).click();
    const dialog = page.getByRole("dialog", { name: "New role" });
    await dialog.getByLabel("Name", { exact: true }).fill(ROLE);
    await dialog.getByLabel("What it is for").fill("Counts after closing.");
    await dialog.getByRole("button", { name: "Save role" }).click();
    await dialog.getByText("Tick at least one thing.").first().waitFor();
    assert.equal(
      await dialog.getByLabel("Delete the workspace").count(),
      0,
      "what comes with owning it is not offered",
    );
    await dialog.getByLabel("See items, places, stock and movements").check();
    await dialog.getByRole("button", { name: "Save role" }).click();

    await dialog.waitFor({ state: "detached" });
    const list = page.getByRole("list", { name: "Roles of this workspace" });
    await list.getByText("Counts after closing.").waitFor();
    const [sees, writes] = [
      "See items, places, stock and movements",
      "Add, change and delete items and places",
    ];
    assert.equal(await mayIn(page, sees, ROLE), "may");
    assert.equal(await mayIn(page, writes, ROLE), "may not");
    assert.equal(await mayIn(page, writes, "Manager"), "may");
    assert.equal(await mayIn(page, writes, "Viewer"), "may not");
  });

  test("are refused a name that is taken, beside the field", async () => {
    const { page } = owner;
    await openRoles(page);
    await page.getByRole("button", { name: "New role" }).click();
    const dialog = page.getByRole("dialog", { name: "New role" });
    await dialog.getByLabel("Name", { exact: true }).fill("night SHIFT");
    await dialog.getByLabel("See jobs").check();
    await dialog.getByRole("button", { name: "Save role" }).click();

    await dialog
      .getByText("This workspace has a role of this name already.")
      .first()
      .waitFor();
    await page.keyboard.press("Escape");
  });

  test("are given by an invitation and seen by whoever comes", async () => {
    const link = await invite(owner.page, workspace, NEWCOMER.email, ROLE);
    await accept(newcomer.page, link, NEWCOMER, ROLE);

    const { page } = newcomer;
    await page.goto(`${workspace.home}/inventory/items`);
    await page.getByRole("heading", { name: "Items", level: 1 }).waitFor();
    const add = page.getByRole("link", { name: "New item" });
    assert.equal(await add.count(), 0, "a role that only reads adds nothing");
    await page.goto(`${workspace.home}/people`);
    await page.getByText(ROLE, { exact: true }).waitFor();
  });

  test("act at once on an open window", async () => {
    await newcomer.page.goto(`${workspace.home}/inventory/items`);
    await newcomer.page.getByText("Live", { exact: true }).waitFor();
    const { page } = owner;
    await openRoles(page);
    await page.getByRole("button", { name: `Change the role ${ROLE}` }).click();
    const dialog = page.getByRole("dialog", { name: `Role ${ROLE}` });
    await dialog.getByText("One person has this role.").waitFor();
    await dialog.getByLabel("Add, change and delete items and places").check();
    await dialog.getByRole("button", { name: "Save role" }).click();

    await dialog.waitFor({ state: "detached" });
    await newcomer.page
      .getByRole("link", { name: "New item" })
      .first()
      .waitFor();
  });

  test("say that they need a second factor when they hold what admins do", async () => {
    const { page } = owner;
    await openRoles(page);
    await page.getByRole("button", { name: `Change the role ${ROLE}` }).click();
    const dialog = page.getByRole("dialog", { name: `Role ${ROLE}` });
    const notice = dialog.getByText("The role needs a second factor");
    assert.equal(await notice.count(), 0);
    await dialog.getByLabel("Read and verify the audit log").check();
    await notice.waitFor();
    await page.keyboard.press("Escape");
  });

  test("stay while somebody has them, and go after that", async () => {
    const { page } = owner;
    const remove = async () => {
      await openRoles(page);
      await page
        .getByRole("button", { name: `Delete the role ${ROLE}` })
        .click();
      const asking = page.getByRole("dialog", {
        name: `Delete the role ${ROLE}?`,
      });
      await asking.getByRole("button", { name: "Delete role" }).click();
      return asking;
    };
    const refused = await remove();
    await refused.getByText(/Members with this role: 1/).waitFor();
    const save = await changeRole(page, workspace, NEWCOMER.name, "Viewer");
    await save();
    await page
      .getByRole("dialog", { name: `Role of ${NEWCOMER.name}` })
      .waitFor({ state: "detached" });

    const gone = await remove();

    await gone.waitFor({ state: "detached" });
    await page.getByText("No role of your own yet").waitFor();
    await becomes(
      () => newcomer.page.getByRole("link", { name: "New item" }).count(),
      0,
      "the newcomer is a viewer now",
    );
  });

  test("never met a fault of the page", () =>
    assert.deepEqual(
      [owner, newcomer].flatMap((one) => one.faults),
      [],
    ));
});
