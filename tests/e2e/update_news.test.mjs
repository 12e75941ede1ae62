// What everybody is told of updates: a banner while one comes or goes on, and what it brought.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, startBrowser } from "./support/browser.mjs";
import { looksWell } from "./support/looks.mjs";
import { openScreen } from "./support/screens.mjs";

const NEWS = "**/api/v1/platform/updates/news";
const EVENTS = "**/api/v1/workspaces/*/events";
/** Nobody comes back within the test. */
const RETRY_MS = 600_000;

const nothing = { change: null, whats_new: null };
const change = {
  kind: "update",
  from: { seq: 6, version: "1.4.6" },
  to: { seq: 7, version: "1.5.0" },
  state: "coming",
  begins_at: "2999-11-22T22:10:00.000Z",
  expected_pause_ms: 1_400,
  watched_until: null,
};
const whatsNew = {
  seq: 7,
  version: "1.5.0",
  since: "2026-11-22T10:00:00.000Z",
  notes:
    "# Faster counts\n\n- **Less** waiting\n- <img src=x onerror=alert(1)>\n\nUse `holdfast status`.",
};

describe("everybody who is signed in", () => {
  let box, browser, page, home, news, tell;

  before(async () => {
    [box, browser] = await Promise.all([startBox(), startBrowser()]);
    ({ page } = await openWindow(browser, box, { reducedMotion: "reduce" }));
    await claim(page, box);
    home = new URL(page.url()).pathname;
    news = nothing;
    await page.route(NEWS, (route) => route.fulfill({ json: news }));
    const told = new Promise((resolve) => (tell = resolve));
    const event = { kind: "box.update", id: "1", version: null };
    await page.route(EVENTS, async (route) => {
      await told;
      const body = `retry: ${RETRY_MS}\n\nevent: change\nid: 1\ndata: ${JSON.stringify(event)}\n\n`;
      await route.fulfill({ contentType: "text/event-stream", body });
    });
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  const banner = (name) => page.getByRole("complementary", { name });
  const reload = async () => {
    await page.reload();
    await page.getByRole("heading").first().waitFor();
  };

  test("hears that an update comes without asking again", async () => {
    await openScreen(page, home);
    assert.equal(await banner("Update of the box").count(), 0);
    news = { ...nothing, change };

    tell();

    const shown = banner("Update of the box");
    await shown.waitFor();
    const text = await shown.innerText();
    assert.match(text, /^Holdfast will be updated to 1\.5\.0 at .*2999/);
    assert.match(
      text,
      /It pauses for about 2 seconds; nothing you have saved is lost\.$/,
    );
    await page.unroute(EVENTS);
    await looksWell(page, "news-coming");
  });

  test("sees that it goes on, and that it goes back", async () => {
    news = {
      ...nothing,
      change: { ...change, state: "under-way", begins_at: null },
    };
    await reload();
    await page
      .getByText("Holdfast is being updated to 1.5.0. It pauses for about")
      .waitFor();
    await looksWell(page, "news-under-way");
    const back = { kind: "rollback", to: change.from, expected_pause_ms: 400 };
    news.change = { ...news.change, ...back };
    await reload();
    const text =
      "Holdfast is going back to 1.4.6. It pauses for about a second;";
    await page.getByText(text).waitFor();
  });

  test("sees until when the new release is watched", async () => {
    const until = {
      begins_at: null,
      watched_until: "2999-11-22T22:20:00.000Z",
    };
    news = { ...nothing, change: { ...change, ...until, state: "watched" } };
    await reload();
    await page
      .getByText("Holdfast runs version 1.5.0 now. It is watched until")
      .waitFor();
    await looksWell(page, "news-watched");
  });

  test("reads once what the release brought, as text and never as markup", async () => {
    news = { ...nothing, whats_new: whatsNew };
    await reload();
    await page.getByText("Holdfast was updated to 1.5.0.").waitFor();
    await looksWell(page, "news-new");
    await banner("What is new")
      .getByRole("button", { name: "What is new" })
      .click();
    const dialog = page.getByRole("dialog", { name: "What is new in 1.5.0" });
    await dialog.getByText("<img src=x onerror=alert(1)>").waitFor();
    assert.equal(await page.locator("img[src=x]").count(), 0);
    await looksWell(page, "news-notes");
    await dialog.getByRole("button", { name: "Close" }).last().click();
    await dialog.waitFor({ state: "detached" });
    assert.equal(await banner("What is new").count(), 0);

    await openScreen(page, home);
    assert.equal(await banner("What is new").count(), 0, "not a second time");
    news = { ...nothing, whats_new: { ...whatsNew, seq: 8, version: "1.5.1" } };
    await reload();
    await page.getByText("Holdfast was updated to 1.5.1.").waitFor();
    await page.getByRole("button", { name: "Do not show this again" }).click();
    await banner("What is new").waitFor({ state: "detached" });
  });

  test("is not told a second time by a box that does not answer", async () => {
    await page.unroute(NEWS);
    await page.route(NEWS, (route) => route.fulfill({ status: 500, json: {} }));
    await openScreen(page, home);
    assert.equal(await banner("Update of the box").count(), 0);
    assert.equal(await page.getByRole("alert").count(), 0);
  });
});
