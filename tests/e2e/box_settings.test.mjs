// What operators set: the mail server, receivers of signed calls, and who may register.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import {
  ask,
  becomes,
  claim,
  openWindow,
  PERSON,
  startBrowser,
} from "./support/browser.mjs";
import { startMail, startReceiver } from "./support/receivers.mjs";

const NEWCOMER = {
  name: "Iva Horvat",
  email: "iva@harbour.example",
  password: "walnut-ember-canal-58-frost",
};
const REFUSAL = "this box may not send here";

describe("the settings of the box", () => {
  let box, browser, owner, stranger, workspace, mail, receiver;

  before(async () => {
    [box, browser, mail, receiver] = await Promise.all([
      startBox(),
      startBrowser(),
      startMail(),
      startReceiver(),
    ]);
    [owner, stranger] = await Promise.all(
      [1, 2].map(() => openWindow(browser, box, { reducedMotion: "reduce" })),
    );
    workspace = await claim(owner.page, box);
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
    mail?.stop();
    receiver?.stop();
  });

  test("name a mail server, and say what is wrong with it", async () => {
    const { page } = owner;
    await page.goto("/box/delivery");
    const section = page.getByRole("region", { name: "Mail server" });
    await section.getByText("No mail leaves the box.").waitFor();
    await section.getByRole("textbox", { name: "Server" }).fill("a b");
    await section.getByRole("textbox", { name: "Port" }).fill("99999");
    await section
      .getByRole("textbox", { name: "Mails come from" })
      .fill("nobody");
    await section.getByRole("button", { name: "Save mail server" }).click();
    await section.getByText("3 things to mend").waitFor();

    await section.getByRole("radio", { name: /^Open/ }).check();
    await section.getByRole("textbox", { name: "Server" }).fill("127.0.0.1");
    await section
      .getByRole("textbox", { name: "Port" })
      .fill(String(mail.port));
    await section
      .getByRole("textbox", { name: "Mails come from" })
      .fill("Harbour box <box@harbour.example>");
    await section.getByRole("button", { name: "Save mail server" }).click();
    await section.getByText("Nothing has been sent by it yet.").waitFor();
  });

  test("are tried at once, and the other side's words are shown", async () => {
    const { page } = owner;
    const section = page.getByRole("region", { name: "Mail server" });
    await section.getByRole("button", { name: "Send a test" }).click();
    const dialog = page.getByRole("dialog", { name: "Send a test mail?" });
    await dialog.getByText(PERSON.email).waitFor();
    await dialog.getByRole("button", { name: "Send it" }).click();
    await dialog.getByText("Worked last").waitFor();
    assert.equal(mail.letters.length, 1);
    assert.match(mail.letters[0], new RegExp(`^To: .*${PERSON.email}`, "m"));

    mail.refusal = REFUSAL;
    await dialog.getByRole("button", { name: "Send another" }).click();
    await dialog.getByText("Failed last").waitFor();
    await dialog.getByText(REFUSAL).waitFor();
    await dialog.getByRole("button", { name: "Close" }).last().click();
    await section.getByText("Failed last").waitFor();
    assert.equal(mail.letters.length, 1);
  });

  test("show what waits, and send it when the other side takes it again", async () => {
    const { page } = owner;
    const body = { email: "eve@harbour.example", role: "viewer" };
    await ask(
      page,
      "POST",
      `/api/v1/workspaces/${workspace.id}/invitations`,
      body,
    );
    const listed = async () =>
      (await ask(page, "GET", "/api/v1/box/outbox?state=waiting")).items.map(
        (one) => one.tries,
      );
    await becomes(listed, [1], "the refusal is not kept");
    await page.goto("/box/delivery");
    const outbox = page.getByRole("region", { name: "Outbox" });
    await outbox.getByRole("button", { name: "State" }).click();
    await page.getByRole("menuitem", { name: "given up" }).click();
    await outbox.getByText("Nothing is in this state.").waitFor();
    await outbox.getByRole("button", { name: "State: given up" }).click();
    await page.getByRole("menuitem", { name: "waiting" }).click();
    const row = outbox
      .getByRole("listitem")
      .filter({ hasText: "Link of an invitation" });
    await row
      .getByText("eve@harbour.example · ", { exact: false })
      .first()
      .waitFor();
    await row.getByText(/tried once/).waitFor();
    await row.getByText(REFUSAL).waitFor();

    mail.refusal = null;
    await outbox
      .getByRole("button", { name: "Send now to eve@harbour.example" })
      .click();
    await outbox.getByText("Nothing is in this state.").waitFor();
    await page.goto("/box/delivery?state=sent");
    await outbox
      .getByRole("listitem")
      .filter({ hasText: "Link of an invitation" })
      .waitFor();
    assert.match(mail.letters.at(-1), /invitation#token=/);
  });

  test("let other programs hear by calls that they can check", async () => {
    const { page } = owner;
    await page.goto("/box/delivery");
    const section = page.getByRole("region", { name: "Webhooks" });
    await section.getByText("Nobody is called.").waitFor();
    await section.getByRole("button", { name: "New receiver" }).click();
    const dialog = page.getByRole("dialog", { name: "New receiver" });
    await dialog.getByRole("textbox", { name: "Name" }).fill("Chat");
    await dialog.getByRole("textbox", { name: "Address" }).fill(receiver.url);
    await dialog.getByRole("radio", { name: "Only some" }).check();
    await dialog.getByRole("button", { name: "Create receiver" }).click();
    await dialog.getByText("One thing to mend").waitFor();
    await dialog.getByRole("radio", { name: "All of them" }).check();
    await dialog.getByRole("button", { name: "Create receiver" }).click();
    await dialog.getByRole("link", { name: "Address" }).waitFor();
    await dialog
      .getByRole("switch", { name: "It lies in our own network" })
      .check();
    await dialog.getByRole("button", { name: "Create receiver" }).click();
    const shown = page.getByRole("dialog", { name: "Secret of Chat" });
    await shown.getByRole("button", { name: "I have copied it" }).waitFor();
    const secret = await shown.locator("code").textContent();
    await shown.getByRole("button", { name: "I have copied it" }).click();

    await choose(page, "Test");
    const asks = page.getByRole("dialog", { name: "Call Chat?" });
    await asks.getByRole("button", { name: "Call it", exact: true }).click();
    await asks.getByText("Worked last").waitFor();
    assert.equal(receiver.calls.length, 1);
    assert.equal(
      isSigned(receiver.calls[0], secret),
      true,
      "the signature is not the secret's",
    );
    receiver.status = 500;
    await asks.getByRole("button", { name: "Call it again" }).click();
    await asks.getByText("Failed last").waitFor();
    await asks.getByRole("button", { name: "Close" }).last().click();
    await section.getByText("Failed last").waitFor();

    await choose(page, "Switch off");
    await page
      .getByRole("dialog")
      .getByRole("button", { name: "Switch off" })
      .click();
    await section.getByText("switched off", { exact: true }).waitFor();
    await choose(page, "Remove");
    await page
      .getByRole("dialog")
      .getByRole("button", { name: "Remove" })
      .click();
    await section.getByText("Nobody is called.").waitFor();
  });

  test("let nobody register until they are opened to a domain", async () => {
    const { page } = stranger;
    await page.goto("/register");
    await page
      .getByRole("heading", { name: "Nobody can register here" })
      .waitFor();
    await page.getByRole("link", { name: "To sign-in" }).click();
    await page.getByRole("button", { name: "Sign in" }).waitFor();
    assert.equal(await page.getByRole("link", { name: /Register/ }).count(), 0);

    await owner.page.goto("/box/users");
    await owner.page.getByRole("link", { name: "Registration" }).click();
    const form = owner.page.getByRole("form", { name: "Who may register" });
    await form
      .getByRole("radio", { name: /^Addresses of some domains/ })
      .check();
    await form.getByRole("button", { name: "Save" }).click();
    await form.getByText("One thing to mend").waitFor();
    await form
      .getByRole("textbox", { name: "Domains" })
      .fill("harbour.example");
    await form.getByRole("combobox", { name: "They come into" }).click();
    await owner.page.getByRole("option", { name: "Harbour kitchen" }).click();
    await form.getByRole("button", { name: "Save" }).click();
    await form.getByText(/^People register at .*\/register$/).waitFor();
  });

  test("let a person of the domain in by the newest link, with a password of their own", async () => {
    const { page } = stranger;
    await page.goto("/sign-in");
    await page.getByRole("link", { name: "No account yet? Register" }).click();
    await page.getByRole("textbox", { name: "Your name" }).fill(NEWCOMER.name);
    await page
      .getByRole("textbox", { name: "Email" })
      .fill("iva@elsewhere.example");
    await page.getByRole("button", { name: "Register" }).click();
    await page.getByText("One thing to mend").waitFor();
    const before = mail.letters.length;
    await page.getByRole("textbox", { name: "Email" }).fill(NEWCOMER.email);
    await page.getByRole("button", { name: "Register" }).click();
    await page.getByRole("heading", { name: "Look into your mail" }).waitFor();
    await becomes(async () => mail.letters.length, before + 1, "no mail came");
    const mailed = /https:\/\/\S+\/register#token=[\w-]+/.exec(
      mail.letters.at(-1),
    )[0];

    await owner.page.reload();
    await owner.page
      .getByRole("button", { name: `Show a link for ${NEWCOMER.name}` })
      .click();
    const dialog = owner.page.getByRole("dialog", {
      name: /^Send this link to/,
    });
    await dialog.getByRole("button", { name: "Done" }).waitFor();
    const link = await dialog.locator("code").textContent();
    await dialog.getByRole("button", { name: "Done" }).click();
    await choosePassword(page, mailed);
    await page
      .getByRole("heading", { name: "This link does not work" })
      .waitFor();

    await choosePassword(page, link);
    await page.getByText("The account is there").waitFor();
    await page.getByLabel("Email").fill(NEWCOMER.email);
    await page.getByLabel("Password", { exact: true }).fill(NEWCOMER.password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Today", level: 1 }).waitFor();
    await owner.page.reload();
    await owner.page
      .getByText("Nobody has registered and not opened the link.")
      .waitFor();
  });

  test("turn somebody down who registered", async () => {
    await stranger.context.clearCookies();
    await ask(stranger.page, "POST", "/api/v1/auth/register", {
      name: "Nobody Known",
      email: "nobody@harbour.example",
    });
    await owner.page.reload();
    await owner.page
      .getByRole("button", { name: "Turn Nobody Known down" })
      .click();
    const dialog = owner.page.getByRole("dialog", {
      name: "Turn Nobody Known down?",
    });
    await dialog.getByRole("button", { name: "Turn down" }).click();
    await owner.page
      .getByText("Nobody has registered and not opened the link.")
      .waitFor();
  });

  test("met no fault of the page", () =>
    assert.deepEqual([...owner.faults, ...stranger.faults], []));
});

async function choose(page, what) {
  await page.getByRole("button", { name: "More about Chat" }).click();
  await page.getByRole("menuitem", { name: what, exact: true }).click();
}

async function choosePassword(page, link) {
  await page.goto("about:blank");
  await page.goto(link);
  await page.getByLabel("Password", { exact: true }).fill(NEWCOMER.password);
  await page.getByRole("button", { name: "Create account" }).click();
}

/** As Standard Webhooks say. */
function isSigned({ headers, body }, secret) {
  const signed = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const expected = createHmac("sha256", key).update(signed).digest("base64");
  return headers["webhook-signature"] === `v1,${expected}`;
}
