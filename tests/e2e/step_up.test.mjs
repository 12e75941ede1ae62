// What an unattended screen must not do asks for a fresh proof, and then goes on where it stood.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import { claim, openWindow, PERSON, startBrowser } from "./support/browser.mjs";

describe("a fresh proof", () => {
  let box, browser, page, faults, context;

  before(async () => {
    box = await startBox();
    browser = await startBrowser();
    ({ context, page, faults } = await openWindow(browser, box, { reducedMotion: "reduce" }));
    await claim(page, box);
    await page.goto("/account");
    await page.getByRole("button", { name: "New token" }).click();
    await page.getByRole("textbox", { name: "What it is for" }).fill("Label printer");
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  test("can be called off, and the form stays as it was", async () => {
    await refuseOnce(context);
    await page.getByRole("button", { name: "Create token" }).click();
    const asks = page.getByRole("dialog", { name: "Is it still you?" });
    await asks.getByLabel("Password", { exact: true }).waitFor();
    await page.keyboard.press("Escape");

    await asks.waitFor({ state: "detached" });
    assert.equal(
      await page.getByRole("textbox", { name: "What it is for" }).inputValue(),
      "Label printer",
    );
    assert.equal(await page.getByRole("alert").count(), 0);
  });

  test("is asked once, told when it is wrong, and the request goes out again", async () => {
    const sent = await refuseOnce(context);
    await page.getByRole("button", { name: "Create token" }).click();
    const asks = page.getByRole("dialog", { name: "Is it still you?" });
    await asks.getByLabel("Password", { exact: true }).fill("not the password at all");
    await asks.getByRole("button", { name: "Go on" }).click();
    await asks.getByRole("alert").first().waitFor();
    await asks.getByLabel("Password", { exact: true }).fill(PERSON.password);
    await page.keyboard.press("Enter");

    await page.getByText("It is not shown again.").waitFor();
    assert.equal(sent.length, 2);
    assert.deepEqual(sent[1], sent[0], "the second try differs from the first");
  });

  test("met no fault of the page", () => assert.deepEqual(faults, []));
});

/** The box's clock cannot be moved here: its refusal after ten minutes is put in its mouth. */
async function refuseOnce(context) {
  const sent = [];
  await context.unroute("**/api/v1/me/tokens");
  await context.route("**/api/v1/me/tokens", async (route) => {
    const request = route.request();
    if (request.method() !== "POST") return route.fallback();
    sent.push({ body: request.postData(), key: request.headers()["idempotency-key"] });
    if (sent.length > 1) return route.fallback();
    return route.fulfill({
      status: 403,
      contentType: "application/problem+json",
      body: JSON.stringify({
        type: "/problems/step-up-needed",
        title: "Forbidden",
        status: 403,
        detail: "Prove once more that it is you, then repeat this.",
        code: "step-up-needed",
        methods: ["password"],
      }),
    });
  });
  return sent;
}
