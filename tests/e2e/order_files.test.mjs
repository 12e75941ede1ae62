// A delivery note is photographed where the goods come in, seen at the desk at once, and read by
// those who keep the books.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import {
  ask,
  becomes,
  claim,
  openWindow,
  startBrowser,
} from "./support/browser.mjs";
import { looksWell } from "./support/looks.mjs";
import { accept, invite } from "./support/people.mjs";
import { openScreen, settled } from "./support/screens.mjs";

const BEN = {
  name: "Ben Okoro",
  email: "ben@harbour.example",
  password: "amber-kettle-violin-93-fjord",
};
const IDA = {
  name: "Ida Marsh",
  email: "ida@harbour.example",
  password: "tulip-anchor-mosaic-17-cedar",
};
const PHONE = { width: 360, height: 780 };
const PHOTO = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==",
  "base64",
);
const INVOICE = Buffer.from("%PDF-1.7\n");

describe("files of an order", () => {
  let box, browser, ana, ben, ida, workspace, order, address;

  before(async () => {
    [box, browser] = await Promise.all([startBox(), startBrowser()]);
    const window = (more = {}) =>
      openWindow(browser, box, { reducedMotion: "reduce", ...more });
    const phone = { viewport: PHONE, hasTouch: true };
    [ana, ben, ida] = await Promise.all([
      window({ acceptDownloads: true }),
      window(phone),
      window(),
    ]);
    workspace = await claim(ana.page, box);
    const item = await workspace.post("/items", {
      item_number: "S-1",
      name: "Salmon fillet",
      unit: "kg",
    });
    order = await workspace.post("/purchase-orders", {
      lines: [{ item_id: item.id, req_qty: "2", unit_price: "3.1700" }],
    });
    await workspace.post(`/purchase-orders/${order.id}/submit`);
    address = `${workspace.home}/inventory/orders/${order.id}`;
    await ask(ana.page, "POST", `/api/v1/workspaces/${workspace.id}/roles`, {
      name: "Bookkeeper",
      permissions: ["workspace.read", "inventory.read", "inventory.prices"],
    });
    for (const [who, person, role] of [
      [ben, BEN, "Manager"],
      [ida, IDA, "Bookkeeper"],
    ])
      await accept(
        who.page,
        await invite(ana.page, workspace, person.email, role),
        person,
        role,
      );
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  const section = ({ page }) =>
    page.getByRole("region", { name: "Delivery notes and files" });
  const file = (who, name) =>
    section(who).getByRole("link", { name, exact: true });
  const input = (who, which) =>
    section(who).locator(`input[type=file]${which}`);

  test("say how to put one there while there is none", async () => {
    await openScreen(ana.page, address);
    await section(ana)
      .getByText(/drop them here/)
      .waitFor();
    await looksWell(ana.page, "order-files-none", { fullPage: true });
  });

  test("are photographed on a phone, and seen at the desk at once", async () => {
    const { page } = ben;
    await openScreen(page, address);
    await section(ben).getByRole("button", { name: "Take a photo" }).waitFor();
    const photo = {
      name: "Lieferschein.png",
      mimeType: "image/png",
      buffer: PHOTO,
    };
    await input(ben, "[capture]").setInputFiles(photo);
    await file(ben, "Lieferschein.png").waitFor();
    await file(ana, "Lieferschein.png").waitFor();

    const invoice = {
      name: "invoice.pdf",
      mimeType: "application/pdf",
      buffer: INVOICE,
    };
    await input(ben, ":not([capture])").setInputFiles(invoice);
    await file(ana, "invoice.pdf").waitFor();

    await looksWell(ana.page, "order-files-two", { fullPage: true });
    const wide = await page.evaluate(
      () => document.documentElement.scrollWidth > window.innerWidth,
    );
    assert.equal(wide, false, "nothing is wider than the phone");
    if (!process.env.SHOTS) return;
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await settled(page);
      const path = `${process.env.SHOTS}/order-files-phone-${colorScheme}.png`;
      await section(ben).screenshot({ path });
    }
  });

  test("are not on the paper that goes to the supplier", async () => {
    const { page } = ana;
    await page.emulateMedia({ media: "print" });
    await section(ana).waitFor({ state: "hidden" });
    if (process.env.SHOTS)
      await page.screenshot({ path: `${process.env.SHOTS}/order-files-print.png` });
    assert.equal(
      await page.getByText("Salmon fillet").first().isVisible(),
      true,
    );
    await page.emulateMedia({ media: "screen" });
    await section(ana).waitFor();
  });

  test("are read by who sees orders and writes nothing", async () => {
    await openScreen(ida.page, address);
    await file(ida, "invoice.pdf").waitFor();
    assert.equal(
      await section(ida)
        .getByRole("link", { name: /^Download/ })
        .count(),
      2,
    );
    assert.equal(
      await section(ida).getByRole("button").count(),
      0,
      "nothing to add or remove",
    );
  });

  test("are saved as they were sent, and removed when somebody says so", async () => {
    const { page } = ana;
    const download = page.waitForEvent("download");
    await section(ana)
      .getByRole("link", { name: "Download invoice.pdf" })
      .click();
    const saved = await download;
    assert.equal(saved.suggestedFilename(), "invoice.pdf");
    assert.deepEqual(await readFile(await saved.path()), INVOICE);

    await section(ana)
      .getByRole("button", { name: "Remove invoice.pdf" })
      .click();
    const asks = page.getByRole("dialog", { name: "Remove “invoice.pdf”?" });
    await asks.getByText(`from “${order.po_number}” for good`).waitFor();
    await asks.getByRole("button", { name: "Remove" }).click();
    for (const who of [ana, ben, ida]) {
      await becomes(
        () => file(who, "invoice.pdf").count(),
        0,
        "it is gone in every window",
      );
      assert.equal(await file(who, "Lieferschein.png").count(), 1);
    }
  });

  test("come late, to an order that was canceled", async () => {
    await workspace.post(`/purchase-orders/${order.id}/cancel`);
    await ana.page.getByText("Canceled", { exact: true }).waitFor();
    await input(ana, "").setInputFiles([
      {
        name: "answer.txt",
        mimeType: "text/plain",
        buffer: Buffer.from("Sorry.\n"),
      },
    ]);
    await file(ana, "answer.txt").waitFor();
    for (const { faults } of [ana, ben, ida]) assert.deepEqual(faults, []);
  });
});
