// Who can get in, what happened, and proof of it: help for somebody locked out, checkpoints that
// leave the box, and programs with accounts of their own.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { BINARY, startBox } from "./support/box.mjs";
import {
  ask,
  becomes,
  claim,
  openWindow,
  startBrowser,
  WORKSPACE,
} from "./support/browser.mjs";
import { accept, invite } from "./support/people.mjs";
import { codeOf, stepNow } from "./support/totp.mjs";

const BEN = {
  name: "Ben Okafor",
  email: "ben@harbour.example",
  password: "copper-kettle-fjord-71-moss",
};
const PROGRAM = "Till at the bar";
/** A public key of RFC 8037. */
const KEY = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";

describe("security", () => {
  let box, browser, owner, ben, workspace, folder, secret, clientId;

  before(async () => {
    box = await startBox();
    browser = await startBrowser();
    folder = await mkdtemp(join(tmpdir(), "holdfast-audit-"));
    [owner, ben] = await Promise.all(
      [1, 2].map(() => openWindow(browser, box, { reducedMotion: "reduce" })),
    );
    workspace = await claim(owner.page, box);
    const link = await invite(owner.page, workspace, BEN.email, "Counter");
    await accept(ben.page, link, BEN, "Counter");
    const { secret } = await ask(ben.page, "POST", "/api/v1/me/mfa/totp", {});
    const code = codeOf(secret, stepNow());
    await ask(ben.page, "POST", "/api/v1/me/mfa/totp/confirm", { code });
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("lets nobody in who asked in vain", async () => {
    await owner.page.goto(workspace.home);
    await owner.page.getByText("Live", { exact: true }).waitFor();
    await askForHelp(ben);
    await owner.page
      .getByText("1 person is locked out and asks for help")
      .waitFor();
    await owner.page.getByRole("link", { name: "Look at it" }).click();
    await owner.page
      .getByRole("heading", { name: "Security of the box" })
      .waitFor();
    await owner.page
      .getByRole("button", { name: `Refuse ${BEN.name}` })
      .click();
    const dialog = owner.page.getByRole("dialog", {
      name: `Refuse ${BEN.name}?`,
    });
    await dialog.getByRole("button", { name: "Refuse", exact: true }).click();
    await owner.page
      .getByText(`The request of ${BEN.name} is refused`)
      .waitFor();
    await owner.page
      .getByRole("region", { name: "Locked out" })
      .waitFor({ state: "detached" });

    await password(ben.page);
    await ben.page.getByLabel("Code from your app").waitFor();
  });

  test("lets somebody in who is vouched for, after a fresh proof", async () => {
    await askForHelp(ben);
    await owner.page.goto(`${workspace.home}/security`);
    const sent = await refuseOnce(owner.context);
    await owner.page
      .getByRole("button", { name: `Let ${BEN.name} in` })
      .click();
    const dialog = owner.page.getByRole("dialog", {
      name: `Let ${BEN.name} in`,
    });
    await dialog.getByRole("button", { name: "Let in", exact: true }).click();
    const asks = owner.page.getByRole("dialog", { name: "Is it still you?" });
    await asks
      .getByLabel("Password", { exact: true })
      .fill("wet-lantern-orbit-42-quince");
    await owner.page.keyboard.press("Enter");
    await owner.page.getByText(`${BEN.name} can sign in now`).waitFor();
    assert.equal(sent.count, 2);

    await password(ben.page);
    await ben.page
      .getByRole("heading", { name: "Set up a second factor" })
      .waitFor();
    assert.equal(
      await ben.page.getByRole("navigation").count(),
      0,
      "there is a way round it",
    );
  });

  test("shows the ways in and what happened lately", async () => {
    const { page } = owner;
    await page.goto("/box/security");
    const ways = page.getByRole("region", { name: "Ways in" });
    await ways.getByText("signed in with 1 browser").waitFor();
    await ways.getByText("0 tokens").waitFor();
    await ways.getByText("0 programs").waitFor();
    const lately = page.getByRole("region", { name: "Lately" });
    await lately.getByRole("listitem").first().waitFor();
  });

  for (const [log, address] of [
    ["the workspace", () => `${workspace.home}/security`],
    ["the box", () => "/box/security"],
  ])
    test(`gives proof of the log of ${log} that holds without the box`, async () => {
      const { page } = owner;
      await page.goto(address());
      const section = page.getByRole("region", { name: "Audit log" });
      await section.getByRole("button", { name: "Sign one now" }).click();
      await section.getByRole("img", { name: /phone’s camera/ }).waitFor();
      await section.getByRole("button", { name: "Verify the chain" }).click();
      await section.getByText(/^Unbroken/).waitFor();
      const note = await saved(
        page,
        section.getByRole("button", { name: /^Save the checkpoint/ }),
      );
      const proofs = page.getByRole("region", { name: "Take proof along" });
      await proofs.getByLabel("Number of the entry").fill("first");
      await proofs.getByRole("button", { name: "Save the proof" }).click();
      await proofs.getByText("One thing to mend").waitFor();
      await proofs.getByLabel("Number of the entry").fill("1");
      const proof = await saved(
        page,
        proofs.getByRole("button", { name: "Save the proof" }),
      );
      const bundle = await saved(
        page,
        proofs.getByRole("button", { name: "Save the bundle" }),
      );

      await proofs.getByRole("switch", { name: /^With names/ }).check();
      const whole = await saved(
        page,
        proofs.getByRole("button", { name: "Save the bundle" }),
      );

      assert.deepEqual(
        [bundle, whole].map((one) => one.includes("127.0.0.1")),
        [false, true],
        "addresses go along only when they were asked for",
      );
      assert.match(proof, /^c2sp\.org\/tlog-proof@v1\n/);
      const files = ["checkpoint.txt", "audit.jsonl"].map((name) =>
        join(folder, name),
      );
      await writeFile(files[0], note);
      await writeFile(files[1], bundle);
      assert.equal(
        verdictOf(files),
        0,
        "the bundle does not fit the checkpoint",
      );
      await writeFile(files[1], bundle.replace(/"action":"/, '"action":"x'));
      assert.equal(verdictOf(files), 5, "what was altered passes");
    });

  test("gives a program an account with just what it needs, and a secret once", async () => {
    const { page } = owner;
    await page.goto(`${workspace.home}/programs`);
    await page.getByText("No program acts here by itself").waitFor();
    await page.getByRole("button", { name: "New program" }).first().click();
    const dialog = page.getByRole("dialog", { name: "New program" });
    await dialog.getByRole("button", { name: "Create program" }).click();
    await dialog.getByText("2 things to mend").waitFor();
    await dialog.getByRole("textbox", { name: "Name" }).fill(PROGRAM);
    await dialog
      .getByRole("checkbox", { name: "See items, places, stock and movements" })
      .check();
    await dialog
      .getByRole("textbox", { name: /^Only from these/ })
      .fill("not a network");
    await dialog.getByRole("button", { name: "Create program" }).click();
    await dialog.getByText("One thing to mend").waitFor();
    await dialog
      .getByRole("textbox", { name: /^Only from these/ })
      .fill("127.0.0.0/8\n::1/128");
    await dialog.getByRole("button", { name: "Create program" }).click();
    const shown = page.getByRole("dialog", { name: `Secret of ${PROGRAM}` });
    await shown.getByRole("button", { name: "I have copied it" }).waitFor();
    [clientId, secret] = await shown
      .locator("code[translate=no]")
      .allTextContents();
    await shown.getByRole("button", { name: "I have copied it" }).click();
    await shown.waitFor({ state: "detached" });
    assert.doesNotMatch(
      await page.locator("body").innerText(),
      new RegExp(secret),
    );

    const token = await tokenOf(clientId, secret);
    assert.equal(await answerTo(token, `${workspace.api}/items`), 200);
    assert.equal(
      await answerTo(token, `/api/v1/workspaces/${workspace.id}/members`),
      403,
    );
    await page.reload();
    await page.getByText(/used .* from 127\.0\.0\.1/).waitFor();

    await choose(page, "Switch off");
    await page
      .getByRole("dialog")
      .getByRole("button", { name: "Switch off" })
      .click();
    await page.getByText("switched off", { exact: true }).waitFor();
    assert.equal(await answerTo(token, `${workspace.api}/items`), 401);
  });

  test("lets a program have a key instead, changes what it may do, and forgets it", async () => {
    const { page } = owner;
    await choose(page, "Switch on");
    await page
      .getByRole("dialog")
      .getByRole("button", { name: "Switch on" })
      .click();
    await page
      .getByText("switched off", { exact: true })
      .waitFor({ state: "detached" });
    await choose(page, "Keys");
    const keys = page.getByRole("dialog", { name: `Keys of ${PROGRAM}` });
    await keys.getByRole("textbox", { name: "Name of the key" }).fill("Laptop");
    await keys
      .getByRole("textbox", { name: "Public key" })
      .fill("no key at all");
    await keys.getByRole("button", { name: "Add key" }).click();
    await keys.getByText("One thing to mend").waitFor();
    await keys.getByRole("textbox", { name: "Public key" }).fill(KEY);
    await keys.getByRole("button", { name: "Add key" }).click();
    await keys.getByRole("button", { name: "Remove the key Laptop" }).click();
    await keys.getByText("It has no key yet.").waitFor();
    await page.keyboard.press("Escape");
    await keys.waitFor({ state: "detached" });

    await choose(page, "New secret");
    await page
      .getByRole("dialog")
      .getByRole("button", { name: "New secret" })
      .click();
    const shown = page.getByRole("dialog", { name: `Secret of ${PROGRAM}` });
    await shown.getByRole("button", { name: "I have copied it" }).waitFor();
    const [, fresh] = await shown
      .locator("code[translate=no]")
      .allTextContents();
    await shown.getByRole("button", { name: "I have copied it" }).click();
    await assert.rejects(tokenOf(clientId, secret), /401/);
    await tokenOf(clientId, fresh);

    await choose(page, "Delete");
    const dialog = page.getByRole("dialog", { name: `Delete ${PROGRAM}?` });
    await dialog.getByRole("textbox").fill(PROGRAM);
    await dialog.getByRole("button", { name: "Delete" }).click();
    await page.getByText("No program acts here by itself").waitFor();
    await assert.rejects(tokenOf(clientId, fresh), /401/);
  });

  test("makes a program's account without a mouse, and is back where one was", async () => {
    const { page } = owner;
    // What one goes back to lies in this same document.
    await page.getByRole("link", { name: "Security", exact: true }).click();
    await page.getByRole("heading", { name: "Security", level: 1 }).waitFor();
    await page.getByRole("link", { name: "Programs", exact: true }).click();
    const opener = page.getByRole("button", { name: "New program" }).first();
    await opener.focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "New program" });
    await becomes(
      () => isFocused(dialog.getByRole("textbox", { name: "Name" })),
      true,
    );
    await page.keyboard.type("Scale");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    await page.keyboard.press("Control+Enter");
    const shown = page.getByRole("dialog", { name: "Secret of Scale" });
    const copied = shown.getByRole("button", { name: "I have copied it" });
    await copied.waitFor();
    await page.keyboard.press("Escape");
    await page.goBack();
    const asks = page.getByRole("dialog", { name: "Leave before you have kept it?" });
    await asks.getByRole("button", { name: "Stay here" }).click();
    await asks.waitFor({ state: "detached" });
    await copied.focus();
    await page.keyboard.press("Enter");
    await page.getByText("Scale", { exact: true }).waitFor();
    await becomes(() => isFocused(opener), true);
  });

  test("lets operators give the box's own programs an account, and nobody else", async () => {
    const { page } = owner;
    await page.goto("/box/programs");
    await page.getByRole("button", { name: "New program" }).first().click();
    const dialog = page.getByRole("dialog", { name: "New program" });
    await dialog.getByRole("textbox", { name: "Name" }).fill("Watcher");
    await dialog.getByRole("radio", { name: /^By a key/ }).check();
    await dialog.getByRole("textbox", { name: "Public key" }).fill(KEY);
    await dialog.getByRole("button", { name: "Create program" }).click();
    await page.getByText("Watcher", { exact: true }).waitFor();
    await page.getByText(/The box itself .* 1 key/).waitFor();
    assert.equal(
      (await page.getByText(WORKSPACE, { exact: true }).count()) > 0,
      true,
    );
  });

  test("met no fault of the page", () =>
    assert.deepEqual([...owner.faults, ...ben.faults], []));

  /** Signed out, with the password alone and no phone. */
  async function askForHelp({ page }) {
    await password(page);
    await page.getByRole("button", { name: "I lost my device" }).click();
    await page.getByRole("button", { name: "Ask for help" }).click();
    await page.getByText("Your request is waiting").waitFor();
  }

  async function password(page) {
    await page.context().clearCookies();
    await page.goto("/sign-in");
    await page.getByLabel("Email").fill(BEN.email);
    await page.getByLabel("Password", { exact: true }).fill(BEN.password);
    await page.getByRole("button", { name: "Sign in" }).click();
  }

  /** What a program does, without a browser's cookies. */
  async function tokenOf(client_id, client_secret) {
    const { context } = await openWindow(browser, box);
    const answer = await context.request.post("/api/v1/auth/token", {
      form: { grant_type: "client_credentials", client_id, client_secret },
    });
    const [status, body] = [answer.status(), await answer.json()];
    await context.close();
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    return body.access_token;
  }

  async function answerTo(token, path) {
    const { context } = await openWindow(browser, box);
    const answer = await context.request.get(path, {
      headers: { Authorization: `Bearer ${token}` },
    });
    const status = answer.status();
    await context.close();
    return status;
  }
});

function isFocused(place) {
  return place.evaluate((element) => element === document.activeElement);
}

async function choose(page, what) {
  await page.getByRole("button", { name: `More about ${PROGRAM}` }).click();
  await page.getByRole("menuitem", { name: what, exact: true }).click();
}

/** The text of the file that a click hands out. */
async function saved(page, button) {
  const download = page.waitForEvent("download");
  await button.click();
  const chunks = [];
  for await (const chunk of await (await download).createReadStream())
    chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function verdictOf([checkpoint, bundle]) {
  const words = [
    "audit",
    "verify",
    "--bundle",
    bundle,
    "--checkpoint",
    checkpoint,
  ];
  return spawnSync(BINARY, words, { stdio: "ignore" }).status;
}

/** The box's clock cannot be moved here: its refusal after ten minutes is put in its mouth. */
async function refuseOnce(context) {
  const sent = { count: 0 };
  await context.route("**/api/v1/mfa-requests/*/approve", async (route) => {
    sent.count += 1;
    if (sent.count > 1) return route.fallback();
    const body = JSON.stringify({
      code: "step-up-needed",
      status: 403,
      methods: ["password"],
    });
    return route.fulfill({
      status: 403,
      contentType: "application/problem+json",
      body,
    });
  });
  return sent;
}
