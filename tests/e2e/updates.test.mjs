// Updates: a box that runs alone, one that is offered a release, its plan, and what was tried.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, startBrowser } from "./support/browser.mjs";
import { looksWell } from "./support/looks.mjs";
import { openScreen } from "./support/screens.mjs";

const ROUTES = "**/api/v1/platform/updates/";
const AT = "2026-11-22T10:00:00.000Z";
const LATER = "2999-11-22T10:10:00.000Z";

const version = (seq) => ({ seq, version: `1.4.${seq}` });

const entry = (change) => ({
  id: "0193a000-0000-7000-8000-000000000001",
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
  confirmed_as: "policy",
  confirmed_by: null,
  confirmed_by_name: null,
  confirmed_at: AT,
  plan_digest: "19a-abc",
  backup_id: null,
  taken_back_as: null,
  taken_back_by: null,
  taken_back_by_name: null,
  outcome: "rolled-back",
  reason: { code: "update-trial-failed", detail: "It answered 500." },
  finished_at: AT,
  states: [
    { state: "rehearsing", began_at: AT, duration_ms: 4_000 },
    { state: "hold", began_at: AT, duration_ms: 300 },
  ],
  ...change,
});

const plan = {
  id: "0193a000-0000-7000-8000-000000000002",
  kind: "update",
  from: version(2),
  to: version(3),
  channel: "stable",
  severity: "critical",
  released_at: AT,
  notes: "# New\n\n- **Less** waiting\n- <img src=x onerror=alert(1)>",
  signers: ["a".repeat(64), "b".repeat(64)],
  rehearsal: {
    took_ms: 5_200,
    files: 51,
    rows: 120_000,
    migrations: 2,
    with_new: [{ name: "Items are read", is_ok: true, detail: null }],
    with_old: [{ name: "Items are read", is_ok: true, detail: null }],
    failed: [],
    skipped: [],
  },
  rollback: "proven-without-restore",
  rollback_reasons: [],
  migrates: true,
  predicted_hold_ms: 900,
  migration_ms_max: 60_000,
  probation_s: 600,
  rows_lost: 0,
  audit_entries_lost: 0,
  backup_id: "0193a000-0000-7000-8000-000000000003",
  planned_at: AT,
  digest: "19b-def",
  expires_at: LATER,
};

describe("updates", () => {
  let box, browser, page, status, confirmed;

  before(async () => {
    [box, browser] = await Promise.all([startBox(), startBrowser()]);
    ({ page } = await openWindow(browser, box, { reducedMotion: "reduce" }));
    await claim(page, box);
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  test("say of a box that runs alone that it cannot update itself, and what to do", async () => {
    const answer = page.waitForResponse((one) =>
      one.url().endsWith("/updates/status"),
    );
    await openScreen(page, "/box/updates");
    status = await (await answer).json();
    await page.getByText("This box cannot update itself").waitFor();
    await page.getByText("No update was tried yet.").waitFor();
    assert.equal(
      await page.getByRole("button", { name: "Look for updates" }).count(),
      0,
    );
    assert.equal(await page.getByText("Install from a file").count(), 0);
    await looksWell(page, "updates-alone", { fullPage: true });
  });

  test("show what is offered, what is new in it, and what was tried", async () => {
    const supervision = {
      ...status.supervision,
      is_supervised: true,
      protection: "full",
      fallback: version(1),
    };
    const feed = {
      ...status.feed,
      place: "https://updates.example.com",
      answered_at: AT,
    };
    status = { ...status, current: version(2), supervision, feed };
    status.settings = { ...status.settings, has_root: true };
    status.offer = {
      ...version(3),
      severity: "critical",
      size_bytes: 13_000_000,
      released_at: AT,
      notes: plan.notes,
      offered_at: AT,
      critical_since: AT,
      is_bundled: false,
      is_stale: false,
    };
    await page.route(`${ROUTES}status`, (route) =>
      route.fulfill({ json: status }),
    );
    await page.route(`${ROUTES}history?*`, (route) =>
      route.fulfill({ json: { items: [entry({})], next_cursor: null } }),
    );
    await page.route(`${ROUTES}plan`, (route) => route.fulfill({ json: plan }));
    await page.route(`${ROUTES}apply`, (route) => {
      confirmed = route.request().postDataJSON();
      return route.fulfill({ status: 202, json: { id: plan.id } });
    });
    await page.reload();
    await page.getByText("Version 1.4.3 is offered").waitFor();
    await page.getByText("<img src=x onerror=alert(1)>").waitFor();
    assert.equal(await page.locator("img[src=x]").count(), 0);
    await looksWell(page, "updates-offer", { fullPage: true });
    await page
      .getByRole("button", { name: "Details of 1.4.1 → 1.4.2" })
      .click();
    const details = page.getByRole("dialog");
    await details.getByText("It answered 500.").waitFor();
    await details.getByRole("cell", { name: "requests wait" }).waitFor();
    await looksWell(page, "updates-details");
    await details.getByRole("button", { name: "Close" }).last().click();
  });

  test("confirm the plan that was seen, by its digest", async () => {
    const open = entry({
      outcome: null,
      finished_at: null,
      reason: null,
      confirmed_at: null,
    });
    status = { ...status, offer: null };
    status.under_way = {
      update: open,
      state: "ready",
      progress: null,
      is_planned: true,
      begins_at: null,
      probation_ends_at: null,
    };
    await page.reload();
    await page.getByRole("button", { name: "See the plan" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("proved here: nothing is lost").waitFor();
    await looksWell(page, "updates-plan");
    await dialog.getByRole("button", { name: "Update now" }).click();
    await dialog.waitFor({ state: "detached" });
    assert.deepEqual(confirmed, { digest: plan.digest });
  });

  test("go on by themselves while the box changes its release", async () => {
    let isAway = true;
    await page.unroute(`${ROUTES}status`);
    await page.route(`${ROUTES}status`, (route) =>
      isAway
        ? route.abort("connectionrefused")
        : route.fulfill({ json: status }),
    );
    await page.getByText("The box is changing its release.").waitFor();
    status = {
      ...status,
      under_way: null,
      current: version(3),
      last: entry({}),
    };
    isAway = false;
    await page
      .getByText("This is the newest release that the box is offered")
      .waitFor();
    await page
      .getByText("The box is changing its release.")
      .waitFor({ state: "detached" });
  });
});
