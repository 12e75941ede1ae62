// Updates under a supervisor: every state of the screen, as the box would tell of it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, startBrowser } from "./support/browser.mjs";
import { looksWell } from "./support/looks.mjs";
import { openScreen } from "./support/screens.mjs";

const ROUTES = "**/api/v1/platform/updates/";
const AT = "2026-11-22T10:00:00.000Z";
const LATER = "2999-11-22T10:10:00.000Z";
const ID = "0193a000-0000-7000-8000-000000000001";

const version = (seq) => ({ seq, version: `1.4.${seq}` });
const part = (state, ms) => ({ state, began_at: AT, duration_ms: ms });

const entry = (change) => ({
  id: ID,
  kind: "update",
  from: version(1),
  to: version(2),
  channel: "stable",
  severity: "security",
  signers: ["a".repeat(64), "b".repeat(64)],
  requested_as: "person",
  requested_by: null,
  requested_by_name: "Ana",
  requested_at: AT,
  confirmed_as: "person",
  confirmed_by: null,
  confirmed_by_name: "Ivo",
  confirmed_at: AT,
  plan_digest: "19a-abc",
  backup_id: null,
  taken_back_as: null,
  taken_back_by: null,
  taken_back_by_name: null,
  outcome: null,
  reason: null,
  finished_at: null,
  states: [part("fetching", 800), part("backing-up", 4_000)],
  ...change,
});

const underWay = (state, change = {}) => ({
  update: entry({ to: version(3), from: version(2) }),
  state,
  progress: null,
  is_planned: false,
  begins_at: null,
  probation_ends_at: null,
  ...change,
});

const offer = {
  ...version(3),
  severity: "normal",
  size_bytes: 13_000_000,
  released_at: AT,
  notes: "# New\n\n- **Less** waiting",
  offered_at: AT,
  critical_since: null,
  is_bundled: true,
  is_stale: true,
};

const rollback = {
  id: "",
  kind: "rollback",
  from: version(3),
  to: version(2),
  channel: "stable",
  severity: "normal",
  released_at: null,
  notes: "",
  signers: [],
  rehearsal: null,
  rollback: "proven-without-restore",
  rollback_reasons: ["The data stays as it is; that release ran on it."],
  migrates: false,
  predicted_hold_ms: 400,
  migration_ms_max: 0,
  probation_s: 60,
  rows_lost: 0,
  audit_entries_lost: 0,
  backup_id: null,
  planned_at: "",
  digest: "19b-def",
  expires_at: LATER,
};

describe("updates under a supervisor", () => {
  let box, browser, page, well, status, history, asked;
  let back = rollback;

  before(async () => {
    [box, browser] = await Promise.all([startBox(), startBrowser()]);
    ({ page } = await openWindow(browser, box, { reducedMotion: "reduce" }));
    await claim(page, box);
    const answer = page.waitForResponse((one) =>
      one.url().endsWith("/updates/status"),
    );
    await openScreen(page, "/box/updates");
    const alone = await (await answer).json();
    const supervision = {
      ...alone.supervision,
      is_supervised: true,
      protection: "full",
      fallback: version(1),
    };
    const feed = {
      ...alone.feed,
      place: "https://updates.example.com",
      checked_at: AT,
      answered_at: AT,
    };
    const settings = { ...alone.settings, has_root: true };
    well = { ...alone, current: version(2), supervision, feed, settings };
    history = [];
    await page.route(`${ROUTES}status`, (route) =>
      route.fulfill({ json: status }),
    );
    await page.route(`${ROUTES}history?*`, (route) =>
      route.fulfill({ json: { items: history, next_cursor: null } }),
    );
    for (const path of ["apply", "rollback"])
      await page.route(`${ROUTES}${path}`, (route) => {
        asked = route.request().postDataJSON();
        const isPlan = path === "rollback" && !asked.digest;
        const json = isPlan ? back : { id: ID };
        return route.fulfill({ status: isPlan ? 200 : 202, json });
      });
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  /** Opens the screen as it is in this state, waits for what it says, and looks at it. */
  const shows = async (name, state, text) => {
    status = { ...well, ...state };
    await openScreen(page, "/box/updates");
    await page.getByText(text).first().waitFor();
    await looksWell(page, `updates-${name}`, { fullPage: true });
  };

  test("without a root, before the first look, up to date", async () => {
    const settings = { ...well.settings, has_root: false };
    await shows("no-root", { settings }, "The box believes no release yet");
    assert.equal(await page.getByText("Install from a file").count(), 0);
    const feed = { ...well.feed, checked_at: null, answered_at: null };
    await shows("not-asked", { feed }, "The feed was not asked yet");
    await shows("up-to-date", {}, "This is the newest release");
  });

  test("with a feed that is not believed, and what somebody has to look at", async () => {
    const problem = {
      code: "update-metadata-expired",
      detail: "timestamp.json has run out at 2026-11-22T10:00:00Z.",
    };
    const feed = { ...well.feed, stale_since: AT, problem };
    await shows("feed-fails", { feed }, "The feed could not be believed");
    const supervision = {
      ...well.supervision,
      protection: "shared_folder",
      protection_detail: "The folder is shared.",
      quarantine: [
        { seq: 3, version: "1.4.3", code: "update-unhealthy" },
        { seq: 2, version: null, code: "update-died" },
      ],
      alerts: [
        {
          code: "update-boot-state-damaged",
          detail: "Both copies are damaged.",
        },
      ],
    };
    await shows("alerts", { supervision }, "Somebody should look");
    await page.getByText("1.4.3, 2").waitFor();
  });

  test("with a release from a file that was past its time", async () => {
    await shows("from-file", { offer }, "Version 1.4.3 is offered");
    await page.getByText("somebody took it all the same").waitFor();
    await page.getByRole("button", { name: "Fetch and rehearse" }).click();
    await page.waitForResponse((one) => one.url().endsWith("/updates/status"));
    assert.deepEqual(asked, { from_bundle: true, accept_stale: true });
  });

  test("while it is prepared, planned, and switched", async () => {
    const progress = { done: 37, total: 100 };
    const rehearsing = underWay("rehearsing", { progress });
    rehearsing.update.states.push(part("rehearsing", 2_000));
    await shows("rehearsing", { under_way: rehearsing }, "tried with the new");
    const planned = underWay("ready", { is_planned: true, begins_at: LATER });
    planned.update.states.push(part("ready", 60_000));
    await shows("planned", { under_way: planned }, "Begins by itself at");
    const hold = underWay("hold");
    hold.update.states.push(part("confirmed", 100), part("hold", 300));
    await shows("hold", { under_way: hold }, "requests wait");
  });

  test("while the new release is watched, from which one can go back", async () => {
    const watched = underWay("probation", { probation_ends_at: LATER });
    watched.update.states.push(part("exposed", 20), part("probation", 9_000));
    const state = { under_way: watched, current: version(3) };
    await shows("watched", state, "Watched until");
    await page.getByRole("button", { name: "Go back to 1.4.2" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Nothing that was written goes.").waitFor();
    await looksWell(page, "updates-back");
    await dialog.getByRole("button", { name: "Go back now" }).click();
    await dialog.waitFor({ state: "detached" });
    assert.deepEqual(asked, { digest: rollback.digest });
  });

  test("while one is watched whose data the release before cannot read", async () => {
    const watched = underWay("probation", { probation_ends_at: LATER });
    back = { ...rollback, rollback: "needs-restore", migrates: true };
    back = { ...back, rows_lost: 12, rollback_reasons: [] };
    const state = { under_way: watched, current: version(3) };
    await shows("watched-restoring", state, "Watched until");
    await page.getByRole("button", { name: "Go back to 1.4.2" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("12 new rows among it").waitFor();
    await looksWell(page, "updates-back-restoring");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "detached" });
  });

  test("afterwards, with who took it back", async () => {
    const reason = {
      code: "update-asked-back",
      detail: "Somebody asked to go back.",
    };
    const ended = { finished_at: AT };
    history = [
      entry({
        ...ended,
        outcome: "rolled-back",
        reason,
        taken_back_as: "person",
        taken_back_by_name: "Ana",
      }),
      entry({
        ...ended,
        id: ID.replace("1", "2"),
        outcome: "failed",
        reason: { code: "update-disk-full", detail: "The disk is full." },
      }),
      entry({ ...ended, id: ID.replace("1", "3"), outcome: "committed" }),
      entry({ ...ended, id: ID.replace("1", "4"), outcome: "discarded" }),
    ];
    await shows("ended", { last: history[0] }, "Taken back by Ana");
    assert.equal(await page.getByText(reason.detail).count(), 0);
    const open = page.getByRole("button", { name: "Details of 1.4.1 → 1.4.2" });
    await open.first().click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Taken back by Ana").waitFor();
    await looksWell(page, "updates-taken-back");
  });
});
