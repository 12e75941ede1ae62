// From nothing to a box that can be brought back, by the screens: target, kit, proof, first backup.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  writeFile,
} from "node:fs/promises";
import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { BINARY, startBox } from "./support/box.mjs";
import {
  ask,
  becomes,
  claim,
  fromWeb,
  openWindow,
  startBrowser,
} from "./support/browser.mjs";
import { startSlowStore } from "./support/receivers.mjs";
import { openScreen, settled } from "./support/screens.mjs";

const AXE = readFileSync(fromWeb.resolve("axe-core/axe.min.js"), "utf8");
const PHONE = { width: 390, height: 844 };
const run = promisify(execFile);

describe("backups", () => {
  let box, browser, operator, phone, kitchen, folder, disk, kitFile;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "holdfast-e2e-backups-"));
    disk = join(folder, "disk");
    await mkdir(disk);
    [box, browser] = await Promise.all([startBox(), startBrowser()]);
    operator = await openWindow(browser, box, {
      reducedMotion: "reduce",
      acceptDownloads: true,
    });
    kitchen = await claim(operator.page, box);
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  const looks = async (page, name) => {
    await settled(page);
    await page.evaluate(AXE);
    const found = await page.evaluate(
      async () => (await window.axe.run(document)).violations,
    );
    const said = found.map(
      (one) => `${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`,
    );
    assert.deepEqual(said, [], name);
    const wide = await page.evaluate(
      () =>
        document.documentElement.scrollWidth -
        document.documentElement.clientWidth,
    );
    assert.ok(wide <= 0, `${name} scrolls sideways by ${wide} px`);
    if (process.env.SHOTS)
      await page.screenshot({ path: `${process.env.SHOTS}/${name}.png` });
  };

  const made = (page) => page.getByRole("region", { name: "Made so far" });

  /** Opens the page and on it the newest backup. */
  const openNewest = async (page) => {
    await openScreen(page, "/box/backups");
    await made(page).getByRole("button").first().click();
    await page.getByRole("dialog", { name: /^Backup \d+$/ }).waitFor();
  };

  /** From the newest backup to the choice of what is restored of it. */
  const lookInto = async (page) => {
    await openNewest(page);
    await page.getByRole("button", { name: "Restore from it" }).click();
    const dialog = page.getByRole("dialog", { name: "Restore from a backup" });
    await dialog.locator("input[type=file]").setInputFiles(kitFile);
    await dialog.getByRole("button", { name: "Look what is in it" }).click();
    await dialog.getByRole("radio", { name: /^Harbour kitchen/ }).waitFor();
    return dialog;
  };

  test("lead from nothing: what is missing stands on top, in its order", async () => {
    const { page } = operator;
    await openScreen(page, "/box/backups");
    const steps = page.getByRole("region", { name: "Until the box is safe" });
    await steps.getByText("0 of 4 done").waitFor();
    assert.equal(
      await page.getByRole("button", { name: "Back up now" }).count(),
      0,
    );
    await looks(page, "backups-empty");
    const refusal = page.evaluate(async () => {
      const answer = await fetch("/api/v1/backups", { method: "POST" });
      return { status: answer.status, code: (await answer.json()).code };
    });
    assert.deepEqual(await refusal, { status: 409, code: "backup-no-kit" });
  });

  test("go to a folder that is tried at once, and say what is wrong with one", async () => {
    const { page } = operator;
    await page
      .getByRole("region", { name: "Until the box is safe" })
      .getByRole("button", { name: "New target" })
      .click();
    const dialog = page.getByRole("dialog", { name: "New target" });
    await dialog.getByRole("textbox", { name: "Path" }).fill("backup");
    await dialog.getByRole("button", { name: "Add target" }).click();
    await dialog.getByText("One thing to mend").waitFor();
    await looks(page, "target-errors");
    await dialog.getByRole("textbox", { name: "Name" }).fill("Office disk");
    await dialog
      .getByRole("textbox", { name: "Path" })
      .fill(join(box.data, "inside"));
    await dialog.getByRole("button", { name: "Add target" }).click();
    await dialog
      .getByText(/would burn with it/)
      .first()
      .waitFor();
    await dialog.getByRole("textbox", { name: "Path" }).fill(disk);
    await dialog.getByRole("button", { name: "Add target" }).click();

    const tried = page.getByRole("dialog", { name: "Test “Office disk”" });
    await tried.getByRole("button", { name: "Test now" }).click();
    await tried.getByText("Worked last").waitFor();
    await tried.getByText("Delete", { exact: true }).waitFor();
    await looks(page, "target-tested");
    await tried.getByRole("button", { name: "Close" }).last().click();
    const targets = page.getByRole("region", { name: "Targets" });
    await targets.getByText("Worked last").waitFor();
    await page.getByText("1 of 4 done").waitFor();
  });

  test("are opened by a kit that the browser makes and the box never sees", async () => {
    const { page } = operator;
    const sent = [];
    page.on("request", (request) => sent.push(request.postData() ?? ""));
    await page
      .getByRole("region", { name: "Until the box is safe" })
      .getByRole("button", { name: "New kit" })
      .click();
    await page
      .getByRole("textbox", { name: "Where you will keep it" })
      .fill("Safe in the office");
    await page.getByRole("button", { name: "Make the kit" }).click();
    const shown = page.getByRole("dialog", {
      name: "Keep this kit: Safe in the office",
    });
    await shown.getByRole("img", { name: /square code/ }).waitFor();
    await looks(page, "kit-shown");
    const download = page.waitForEvent("download");
    await shown.getByRole("button", { name: "Download" }).click();
    const saved = await download;
    assert.equal(saved.suggestedFilename(), "holdfast-kit-harbour.txt");
    kitFile = join(folder, "kit.txt");
    await saved.saveAs(kitFile);
    const kit = await readFile(kitFile, "utf8");
    assert.match(kit, /^AGE-SECRET-KEY-1[A-Z0-9]+$/m);
    assert.equal(kit, await shown.locator("pre code").textContent());

    const paper = page.locator("body > [aria-hidden]", {
      hasText: "Recovery kit of Harbour",
    });
    await page.emulateMedia({ media: "print" });
    assert.ok(await paper.isVisible());
    assert.match(
      await paper.innerText(),
      /AGE-SECRET-KEY-1[\s\S]*holdfast recover/,
    );
    if (process.env.SHOTS)
      await page.screenshot({ path: `${process.env.SHOTS}/kit-paper.png` });
    await page.emulateMedia({ media: "screen" });

    await shown.getByRole("button", { name: "I have kept it" }).click();
    const prove = page.getByRole("dialog", {
      name: "Prove the kit Safe in the office",
    });
    await prove
      .getByRole("textbox")
      .fill("# box: somebody else's\nno key at all");
    await prove.getByRole("button", { name: "Prove it" }).click();
    await prove
      .getByText(/no line that begins with AGE-SECRET-KEY-1/)
      .waitFor();
    await prove
      .getByRole("textbox")
      .fill(kit.replace(/^# box: .*$/m, "# box: 0193"));
    await prove.getByRole("button", { name: "Prove it" }).click();
    await prove.getByText(/kit of another box: Harbour/).waitFor();
    await looks(page, "kit-prove-error");
    await prove.locator("input[type=file]").setInputFiles(kitFile);
    await prove.getByText("Kit of Harbour").waitFor();
    await prove.getByRole("button", { name: "Prove it" }).click();
    await prove.waitFor({ state: "detached" });
    const kits = page.getByRole("region", { name: "Recovery kits" });
    await kits.getByText("proved", { exact: true }).waitFor();
    assert.deepEqual(
      sent.filter((body) => body.includes("AGE-SECRET-KEY")),
      [],
      "the private key left the browser",
    );
  });

  test("take the kit of the browser on the command line, too", async () => {
    const { stdout } = await run(BINARY, [
      ...["backup", "kit", "confirm"],
      ...["--kit", kitFile, "--data", box.data],
    ]);
    assert.match(stdout, /The kit opens what the box encrypts to it/);
  });

  test("show the first one while it is made, and what it holds afterwards", async () => {
    const { page } = operator;
    await openScreen(page, "/box/backups");
    await page.getByRole("button", { name: "Back up now" }).first().click();
    await page.getByText("The backup has begun").waitFor();
    const level = async () =>
      (await ask(page, "GET", "/api/v1/backups")).items.map((one) => one.level);
    await becomes(level, ["verified"], "the backup was not proved");
    const row = made(page).getByRole("button", { name: /verified/ });
    await row.waitFor();
    assert.equal(
      await page.getByRole("region", { name: "Until the box is safe" }).count(),
      0,
    );
    await looks(page, "backups-made");
    await row.focus();
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("dialog", { name: "Backup 1" });
    await dialog.getByText(/^base\/000001-/).waitFor();
    const copies = dialog.getByRole("list", { name: "Copies" });
    await copies.getByText("Office disk").waitFor();
    await copies.getByText("there", { exact: true }).waitFor();
    await looks(page, "backup-one");
    await page.keyboard.press("Escape");
    const [ours] = (await readdir(disk)).filter((name) =>
      name.startsWith("box-"),
    );
    assert.deepEqual((await readdir(join(disk, ours))).sort(), [
      "RECOVERY.md",
      "base",
      "restore.sh",
    ]);
  });

  test("bring a workspace back as another one, after a look at what is in it", async () => {
    const { page } = operator;
    await openNewest(page);
    await page.getByRole("button", { name: "Restore from it" }).click();
    const dialog = page.getByRole("dialog", { name: "Restore from a backup" });
    await dialog.getByRole("button", { name: "Look what is in it" }).click();
    await dialog
      .getByText(/no line that begins with AGE-SECRET-KEY-1/)
      .waitFor();
    await looks(page, "restore-kit");
    await dialog.locator("input[type=file]").setInputFiles(kitFile);
    await dialog.getByRole("button", { name: "Look what is in it" }).click();
    await dialog.getByRole("radio", { name: /^Harbour kitchen/ }).waitFor();
    await looks(page, "restore-look");
    await dialog.getByRole("radio", { name: /^In its place/ }).check();
    await dialog.getByRole("button", { name: "Restore", exact: true }).click();
    const asks = page.getByRole("dialog", {
      name: "Put “Harbour kitchen” back?",
    });
    await asks.getByText(/kept for 7 days/).waitFor();
    await looks(page, "restore-confirm");
    assert.ok(
      await asks.getByRole("button", { name: "Replace it" }).isDisabled(),
    );
    await asks.getByRole("button", { name: "Cancel" }).click();
    await dialog.getByRole("radio", { name: /^As a new workspace/ }).check();
    await dialog
      .getByRole("textbox", { name: "Name of the new workspace" })
      .fill("Before the fire");
    await dialog.getByRole("button", { name: "Restore", exact: true }).click();
    await dialog.getByText("“Before the fire” is back").waitFor();
    await looks(page, "restore-done");
    await dialog.getByRole("button", { name: "Close" }).last().click();
    const restores = page.getByRole("region", { name: "Restores" });
    await restores
      .getByText("brought back as a new workspace", { exact: false })
      .waitFor();
    await openScreen(page, "/workspaces");
    await page.getByText("Before the fire").first().waitFor();
  });

  test("put a workspace back in its place, and take that back again", async () => {
    const { page } = operator;
    const places = async () =>
      (await kitchen.get("/locations")).items.map((one) => one.name);
    const before = await places();
    await kitchen.post("/locations", {
      code: "LATE",
      name: "Built since",
      temp_zone: "dry",
    });
    const after = await places();
    assert.equal(after.length, before.length + 1);

    const dialog = await lookInto(page);
    await dialog.getByRole("radio", { name: /^In its place/ }).check();
    await dialog.getByRole("button", { name: "Restore", exact: true }).click();
    const asks = page.getByRole("dialog", {
      name: "Put “Harbour kitchen” back?",
    });
    await asks.getByRole("textbox").fill("Harbour kitchen");
    await asks.getByRole("button", { name: "Replace it" }).click();
    await dialog.getByText("“Harbour kitchen” is back").waitFor();
    await dialog.getByText(/It can be undone until/).waitFor();
    await looks(page, "restore-in-place-done");
    assert.deepEqual(await places(), before);

    await dialog.getByRole("button", { name: "Close" }).last().click();
    const restores = page.getByRole("region", { name: "Restores" });
    await restores.getByText(/^put back in its place/).waitFor();
    await restores.getByRole("button", { name: "Undo" }).click();
    const undo = page.getByRole("dialog", { name: "Undo this restore?" });
    await undo
      .getByText(/“Harbour kitchen” becomes what it was before/)
      .waitFor();
    await undo.getByRole("button", { name: "Undo" }).click();
    await restores.getByText("undone", { exact: true }).waitFor();
    await becomes(places, after, "what was entered since did not come back");
    assert.equal(
      await restores.getByRole("button", { name: "Undo" }).count(),
      0,
    );
    await looks(page, "restore-undone");
  });

  test("are opened in a drill by whoever holds the kit", async () => {
    const { page } = operator;
    await openNewest(page);
    await page.getByRole("button", { name: "Drill", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: /^Drill with the backup/ });
    await dialog.locator("input[type=file]").setInputFiles(kitFile);
    await dialog.getByRole("button", { name: "Begin the drill" }).click();
    await dialog.getByText("The kit opens the backup").waitFor();
    await looks(page, "drill-done");
    await dialog.getByRole("button", { name: "Close" }).last().click();
    await made(page)
      .getByRole("button", { name: /drilled/ })
      .waitFor();
  });

  test("are kept as long as somebody decides, who sees first what goes", async () => {
    const { page } = operator;
    await openScreen(page, "/box/backups");
    const kept = page.getByRole("region", { name: "How long they are kept" });
    await kept.getByText("7 days, 4 weeks, 12 months, 2 years").waitFor();
    await kept.getByRole("button", { name: "Change" }).click();
    const dialog = page.getByRole("dialog", { name: "How long they are kept" });
    await dialog.getByRole("textbox", { name: "Days" }).fill("many");
    await dialog.getByRole("button", { name: "Save and see the plan" }).click();
    await dialog.getByText("One thing to mend").waitFor();
    await looks(page, "keep-error");
    await dialog.getByRole("textbox", { name: "Days" }).fill("9");
    await dialog.getByRole("button", { name: "Save and see the plan" }).click();
    const plan = page.getByRole("dialog", { name: "What stays and what goes" });
    await plan.getByText("1 stays, 0 go.").waitFor();
    await looks(page, "keep-plan");
    await plan.getByRole("button", { name: "Close" }).last().click();
    await kept.getByText("9 days, 4 weeks").waitFor();
  });

  test("can be stopped while they are sent, and say so afterwards", async () => {
    const { page } = operator;
    const slow = await startSlowStore();
    const { id } = await ask(page, "POST", "/api/v1/backup-targets", {
      name: "Slow store",
      kind: "webdav",
      settings: { url: slow.url, user: "box", password: "slow-and-steady" },
    });
    await openScreen(page, "/box/backups");
    await page.getByRole("button", { name: "Back up now" }).click();
    const running = page.getByRole("region", {
      name: "A backup is being made",
    });
    await running.getByRole("progressbar").waitFor();
    await slow.asked;
    await looks(page, "backup-running");
    await running.getByRole("button", { name: "Stop it" }).click();
    const asks = page.getByRole("dialog", { name: "Stop this backup?" });
    await looks(page, "backup-stop");
    await asks.getByRole("button", { name: "Stop it" }).click();
    await page.getByText("The backup was stopped").waitFor();
    slow.stop();
    await running.waitFor({ state: "detached" });
    // The disk had its copy by then, and keeps it; the store never gets one.
    await made(page)
      .getByText(/Office disk · Slow store \((failed|not there yet)\)/)
      .waitFor();
    await looks(page, "backup-stopped");
    await ask(page, "DELETE", `/api/v1/backup-targets/${id}`);
  });

  test("are no longer encrypted to a kit that was retired", async () => {
    const { page } = operator;
    const retire = async (name) => {
      await page
        .getByRole("button", { name: `What to do with the kit ${name}` })
        .click();
      await page.getByRole("menuitem", { name: "Retire" }).click();
      const dialog = page.getByRole("dialog", {
        name: `Retire the kit ${name}?`,
      });
      await dialog.getByText(/still open with it/).waitFor();
      await dialog.getByRole("button", { name: "Retire" }).click();
      return dialog;
    };
    await openScreen(page, "/box/backups");
    const refused = await retire("Safe in the office");
    await refused.getByText(/It is the only kit/).waitFor();
    await looks(page, "kit-last");
    await refused.getByRole("button", { name: "Cancel" }).click();

    const recipient =
      "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg";
    await ask(page, "POST", "/api/v1/backup-kits", {
      name: "Ana’s stick",
      recipient,
    });
    const kits = page.getByRole("region", { name: "Recovery kits" });
    await kits.getByText("never proved").waitFor();
    await (await retire("Ana’s stick")).waitFor({ state: "detached" });
    await kits.getByText("retired", { exact: true }).waitFor();
    await looks(page, "kit-retired");
    const inUse = (await ask(page, "GET", "/api/v1/backup-kits")).items.filter(
      (one) => !one.retired_at,
    );
    assert.deepEqual(
      inUse.map((one) => one.name),
      ["Safe in the office"],
    );
  });

  test("are made when somebody decides", async () => {
    const { page } = operator;
    await openScreen(page, "/box/jobs");
    await page
      .getByRole("button", { name: "Change when it runs: Backup", exact: true })
      .click();
    const dialog = page.getByRole("dialog", { name: "When it runs: Backup" });
    await dialog.getByRole("textbox", { name: "Plan" }).fill("61 2 * * *");
    await dialog.getByText(/no plan yet/).waitFor();
    await dialog.getByRole("textbox", { name: "Plan" }).fill("15 3 * * MON");
    await dialog.getByText("Monday at 03:15, UTC").waitFor();
    await looks(page, "schedule");
    await dialog.getByRole("button", { name: "Save plan" }).click();
    await dialog.waitFor({ state: "detached" });
    await page.getByText("Monday at 03:15, UTC").waitFor();
  });

  test("say on top what is wrong with a target, and what to do", async () => {
    const { page } = operator;
    await rm(disk, { recursive: true });
    await writeFile(disk, "in the way");
    await openScreen(page, "/box/backups");
    await page
      .getByRole("button", { name: "What to do with Office disk" })
      .click();
    await page.getByRole("menuitem", { name: "Test" }).click();
    const tried = page.getByRole("dialog", { name: "Test “Office disk”" });
    await tried.getByRole("button", { name: "Test now" }).click();
    await tried.getByText("Failed last").waitFor();
    await tried.getByRole("button", { name: "Edit" }).click();
    const edits = page.getByRole("dialog", { name: "Edit “Office disk”" });
    await edits.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Backups cannot be sent to “Office disk”.").waitFor();
    await looks(page, "target-trouble");
  });

  test("are all there on a phone", async () => {
    phone = await openWindow(browser, box, {
      reducedMotion: "reduce",
      viewport: PHONE,
      hasTouch: true,
      storageState: await operator.context.storageState(),
    });
    const { page } = phone;
    await openScreen(page, "/box/backups");
    await looks(page, "phone-backups");
    await made(page)
      .getByRole("button", { name: /drilled/ })
      .tap();
    await page
      .getByRole("dialog", { name: "Backup 1" })
      .getByText(/^base\//)
      .waitFor();
    await looks(page, "phone-one");
    await page.getByRole("button", { name: "Close" }).tap();
    await page.getByRole("button", { name: "New kit" }).tap();
    await looks(page, "phone-new-kit");
    assert.deepEqual([...operator.faults, ...phone.faults], []);
  });
});
