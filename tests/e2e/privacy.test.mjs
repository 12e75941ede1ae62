// Somebody downloads what is held on them; an operator makes the same for them and erases them.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import {
  becomes,
  claim,
  openWindow,
  startBrowser,
} from "./support/browser.mjs";
import { accept, invite } from "./support/people.mjs";

const LEAVER = {
  name: "Quetzal Nightjar",
  email: "quetzal@harbour.example",
  password: "copper-kettle-fjord-71-moss",
};
const ZIP = "PK\u0003\u0004";

describe("what is held on people", () => {
  let box, browser, owner, leaver, workspace;

  before(async () => {
    box = await startBox();
    browser = await startBrowser();
    [owner, leaver] = await Promise.all(
      [1, 2].map(() => openWindow(browser, box, { reducedMotion: "reduce" })),
    );
    workspace = await claim(owner.page, box);
    const link = await invite(owner.page, workspace, LEAVER.email, "Manager");
    await accept(leaver.page, link, LEAVER, "Manager");
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  const fetched = async (page, press) => {
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      press(),
    ]);
    const bytes = await readFile(await download.path(), "latin1");
    assert.ok(bytes.startsWith(ZIP), bytes.slice(0, 80));
    return { name: download.suggestedFilename(), bytes };
  };
  const openPanel = async (page) => {
    await page.goto("/box/users");
    await page.getByRole("row").filter({ hasText: LEAVER.name }).click();
    const panel = page.getByRole("complementary", { name: LEAVER.name });
    await panel.getByRole("button", { name: "More actions" }).click();
  };

  test("is downloaded by themselves", async () => {
    const { page } = leaver;
    await page.goto("/account");
    const section = page.getByRole("region", { name: "What is held on you" });

    const file = await fetched(page, () =>
      section.getByRole("link", { name: "Download" }).click(),
    );

    assert.match(file.name, /^my-data-\d{4}-\d\d-\d\d\.zip$/);
    assert.ok(file.bytes.includes("box/users.json"));
  });

  test("is written down for them by an operator", async () => {
    const { page } = owner;
    await openPanel(page);
    await page.getByRole("menuitem", { name: "Export what is held" }).click();
    const dialog = page.getByRole("dialog", {
      name: `What is held on ${LEAVER.name}`,
    });
    await dialog.getByRole("button", { name: "Write the file" }).click();
    await dialog.getByText("The file is ready").waitFor();

    const file = await fetched(page, () =>
      dialog.getByRole("link", { name: "Download" }).click(),
    );

    assert.match(file.name, /^person-.*\.zip$/);
  });

  test("is erased when the address was typed, and they are out", async () => {
    const { page } = owner;
    await openPanel(page);
    await page.getByRole("menuitem", { name: "Erase person" }).click();
    const dialog = page.getByRole("dialog", {
      name: `Erase ${LEAVER.name} for good?`,
    });
    const confirm = dialog.getByRole("button", { name: "Erase", exact: true });
    assert.ok(await confirm.isDisabled());
    await dialog.getByRole("textbox").fill("quetzal@harbour");
    assert.ok(await confirm.isDisabled());
    await dialog.getByRole("textbox").fill(LEAVER.email);
    await confirm.click();
    await dialog.waitFor({ state: "detached" });

    await page.goto("/box/erasures");
    const list = page.getByRole("list", { name: "Erasures" });
    await list.getByText("done", { exact: true }).waitFor();
    await page.goto("/box/users");
    await page.getByRole("row").nth(1).waitFor();
    assert.equal(await page.getByText(LEAVER.name).count(), 0);
    const me = () =>
      leaver.page.evaluate(async () => (await fetch("/api/v1/me")).status);
    await becomes(me, 401, "the erased person is still let in");
  });
});
