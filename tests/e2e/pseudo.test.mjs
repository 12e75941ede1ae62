// Every screen in the test language: a text that stays plain English was never given to
// translators. The data is written in another script, so that it cannot be mistaken for one.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { ask, openWindow, startBrowser } from "./support/browser.mjs";
import { openScreen, screensOf } from "./support/screens.mjs";

const PERSON = {
  name: "Ана",
  email: "7@1.example",
  password: "wet-lantern-orbit-42-quince",
};
const ITEMS = `item_number,name,unit,category,min_qty,max_qty,unit_cost,barcodes,temp_zone
1001,Лосось,kg,Рыба,2,9,14.90,4006381333931,cooler
1002,Мука,kg,Сухое,5,50,1.35,,dry
`;
const PLACES = `code,name,temp_zone,parent_code
1,Кухня,,
2,Холодильник,cooler,1
`;
const STOCK = `item_number,location_code,qty,unit_cost
1001,2,1.5,14.90
`;

describe("in the test language", () => {
  let box, browser, page, screens;

  before(async () => {
    box = await startBox();
    browser = await startBrowser();
    ({ page } = await openWindow(browser, box, { reducedMotion: "reduce" }));
    await page.goto("/setup");
    const { workspace } = await ask(page, "POST", "/api/v1/setup", {
      token: box.link.split("#token=")[1],
      box_name: "Гавань",
      operator: PERSON,
      workspace: { name: "Кухня" },
    });
    const api = `/api/v1/workspaces/${workspace.id}/inventory`;
    for (const [kind, csv] of [
      ["items", ITEMS],
      ["locations", PLACES],
      ["opening_stock", STOCK],
    ]) {
      const read = await ask(
        page,
        "POST",
        `${api}/import/preview?kind=${kind}`,
        csv,
        "text/csv",
      );
      await ask(page, "POST", `${api}/import/${read.id}/commit`);
    }
    const { items } = await ask(page, "GET", `${api}/items`);
    const { items: places } = await ask(page, "GET", `${api}/locations`);
    screens = screensOf(`/w/${workspace.id}`, items[0].id, places[0].id);
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  test("no screen shows a text that cannot be translated", async () => {
    const plain = [];
    for (const [name, path] of screens) {
      await openScreen(
        page,
        `${path}${path.includes("?") ? "&" : "?"}language=en-XA`,
      );
      for (const text of await page.evaluate(plainTexts))
        plain.push(`${name}: ${text}`);
    }
    assert.deepEqual(plain, []);
  });

  test("the search for plain texts finds one", async () => {
    await page.evaluate(() => document.body.append("Forgotten words"));
    assert.deepEqual(await page.evaluate(plainTexts), ["Forgotten words"]);
  });
});

/**
 * Visible texts and labels with a word of three plain letters. What the box says in a language of
 * its own (`lang`), technical names and the browser's names of zones, currencies and locales
 * (`translate=no`), code and keys are no texts of the screens; neither are names of months, units
 * and addresses.
 */
function plainTexts() {
  const OWN =
    "script, style, noscript, code, pre, kbd, textarea[aria-hidden], [translate=no], [lang]:not(html)";
  const DATA = [
    /\S+@\S+/g,
    /https?:\/\/\S+/g,
    /\b(?:Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec)[a-z]*\b/g,
    /\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*\b/g,
    /\b(?:EUR|UTC|CSV|SHA|Holdfast|EAN|HTTPS?|GiB|MiB|KiB)\b/g,
    /“[^”]*”/g,
    /\b[0-9a-f]{8}(?:-[0-9a-f-]{27})?\b/g,
  ];
  const texts = new Set();
  const look = (text) => {
    const rest = DATA.reduce((left, one) => left.replace(one, ""), text ?? "");
    if (/(?<![\p{L}·])[A-Za-z]{3,}(?![\p{L}·])/u.test(rest))
      texts.add(text.trim());
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (parent && !parent.closest(OWN)) look(walker.currentNode.textContent);
  }
  for (const element of document.body.querySelectorAll(
    "[aria-label], [placeholder], [title]",
  )) {
    if (element.closest(OWN)) continue;
    for (const name of ["aria-label", "placeholder", "title"])
      look(element.getAttribute(name));
  }
  return [...texts];
}
