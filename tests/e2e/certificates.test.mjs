// The certificate of a public authority: what has to be agreed to first, how each name stands, and
// a new one when it is asked for.
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { becomes, claim, openWindow, startBrowser } from "./support/browser.mjs";
import { looksWell } from "./support/looks.mjs";
import { missing, startPebble } from "./support/pebble.mjs";
import { openScreen } from "./support/screens.mjs";
import { freePort } from "./support/trust.mjs";

const NAME = "ops.example.com";
const why = missing();
const needs = { skip: why ? `${why}: sudo apt-get install pebble openssl` : false };

describe("the certificate of a public authority", needs, () => {
  let pebble, box, browser, page;
  const opened = [];

  async function openBox(terms) {
    const port = await freePort();
    pebble = await startPebble(port);
    opened.push(pebble);
    const settings = {
      ...pebble.settings,
      HOLDFAST_SERVER__NAMES: NAME,
      HOLDFAST_TLS__ACME_TERMS_AGREED: terms,
    };
    box = await startBox({ port, settings });
    opened.push(box);
    ({ page } = await openWindow(browser, box, { reducedMotion: "reduce" }));
    await claim(page, box);
    await openScreen(page, "/system");
    return page.getByRole("list", { name: "Names of this box" });
  }

  before(async () => {
    browser = await startBrowser();
  });
  after(async () => {
    await browser?.close();
    for (const one of opened.reverse()) await one.stop();
  });

  test("shows the terms before anything is asked for", async () => {
    await openBox("false");
    const terms = page.getByRole("link", { name: /^(https|data):/ });
    await terms.waitFor();
    await page.getByText("acme_terms_agreed = true").waitFor();
    await looksWell(page, "certificate-terms");
  });

  test("says of each name who signs for it, and gets a new one when asked", async () => {
    const names = await openBox("true");
    const mine = names.getByRole("listitem").filter({ hasText: NAME });
    await mine.getByText("public", { exact: true }).waitFor();
    await names.getByText("own root").first().waitFor();
    await page.getByText(/Pebble Intermediate/).first().waitFor();
    await mine.scrollIntoViewIfNeeded();
    await looksWell(page, "certificate-public");

    await page.getByRole("button", { name: "Renew now" }).click();
    await page.getByText("The authority has answered.").waitFor();
    const alerts = () => page.getByRole("alert").allInnerTexts();
    await becomes(alerts, [], "trouble that is over");
    await looksWell(page, "certificate-renewed");
  });
});
