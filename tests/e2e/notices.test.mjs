// The bell tells at once, in every window, and what is read in one is read in all.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, signIn, startBrowser } from "./support/browser.mjs";

describe("notices", () => {
  let box, browser, first, second, third;

  before(async () => {
    box = await startBox();
    browser = await startBrowser();
    [first, second, third] = await Promise.all(
      [1, 2, 3].map(() => openWindow(browser, box, { reducedMotion: "reduce" })),
    );
    await claim(first.page, box);
    // The first browser that signs in is nobody's news.
    await signIn(second.page);
    await first.page.goto("/");
    await first.page.getByText("Live", { exact: true }).waitFor();
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  test("of a new browser reach the window that is open", async () => {
    await first.page.getByRole("button", { name: "Notices", exact: true }).waitFor();
    await signIn(third.page);

    await first.page.getByRole("button", { name: "Notices: 1 unread" }).click();
    const panel = first.page.getByRole("dialog", { name: "Notices" });
    await panel.getByRole("listitem").waitFor();
    assert.equal(await panel.getByRole("img", { name: "Unread" }).count(), 1);
  });

  test("lead where they are about, and are read then, in the other window too", async () => {
    await second.page.getByRole("button", { name: "Notices: 1 unread" }).waitFor();
    await first.page.getByRole("dialog").getByRole("listitem").getByRole("button").click();

    await first.page.getByRole("button", { name: "Notices", exact: true }).waitFor();
    await second.page.goto("/notices?unread=true");
    await second.page.getByText("You have read them all").waitFor();
    await second.page.getByRole("button", { name: "Only unread" }).click();
    await second.page.getByRole("listitem").first().waitFor();
  });

  test("come by mail as the person chooses", async () => {
    const { page } = first;
    await page.goto("/account");
    const form = page.getByRole("form", { name: "Notices by mail" });
    await form.getByRole("radio", { name: /^Once a day/ }).check();
    await form.getByLabel("At", { exact: true }).fill("25:00");
    await form.getByRole("button", { name: "Save" }).click();
    await form.getByText("One thing to mend").waitFor();
    await form.getByLabel("At", { exact: true }).fill("06:15");
    await form.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved", { exact: true }).waitFor();

    await page.reload();
    assert.equal(await form.getByLabel("At", { exact: true }).inputValue(), "06:15");
  });

  test("met no fault of the page", () =>
    assert.deepEqual(
      [first, second, third].flatMap((one) => one.faults),
      [],
    ));
});
