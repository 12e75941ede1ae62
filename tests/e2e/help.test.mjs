// The manual as its readers see it: every page on a phone and on a desk, light and dark.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { openWindow, startBrowser } from "./support/browser.mjs";
import { looksWell } from "./support/looks.mjs";

describe("the manual", () => {
  let box, browser, page;

  before(async () => {
    [box, browser] = await Promise.all([startBox(), startBrowser()]);
    ({ page } = await openWindow(browser, box, { reducedMotion: "reduce" }));
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  test("keeps nobody out and fits a phone, on every page", async () => {
    await page.goto(`${box.origin}/help`);
    const links = page.locator("nav a[href^='/help/']");
    const paths = await links.evaluateAll((all) => all.map((one) => one.getAttribute("href")));
    const pages = [...new Set(paths.map((path) => path.split("#")[0]))];
    assert.ok(pages.length >= 24, `${pages.length} pages`);
    for (const path of pages) {
      await page.goto(`${box.origin}${path}`);
      await page.setViewportSize({ width: 390, height: 844 });
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(over <= 0, `${path} is ${over} px wider than a phone`);
      await looksWell(page, path.slice(1).replaceAll("/", "-"));
      await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
      await looksWell(page, `${path.slice(1).replaceAll("/", "-")}-dark`);
      await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
    }
  });
});
