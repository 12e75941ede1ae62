// What the tests of people do by the screens, in any window.
import assert from "node:assert/strict";
import { becomes, WORKSPACE } from "./browser.mjs";

/** Invites by the screen and gives the link that is shown. */
export async function invite(page, workspace, email, role) {
  await page.goto(`${workspace.home}/people`);
  await page.getByRole("button", { name: "Invite", exact: true }).click();
  await page.getByLabel("Their email").fill(email);
  await page.getByRole("radio", { name: new RegExp(`^${role}`) }).check();
  await page.getByRole("button", { name: "Make the link" }).click();
  const dialog = page.getByRole("dialog", {
    name: `Send this link to ${email}`,
  });
  await dialog.getByRole("img", { name: /phone/ }).waitFor();
  const link = await dialog.locator("code").textContent();
  await dialog.getByRole("button", { name: "Done" }).click();
  return link;
}

export async function accept(page, link, person, role) {
  await page.goto(link);
  await page.getByRole("heading", { name: `Join ${WORKSPACE}` }).waitFor();
  await page.getByText(role, { exact: true }).waitFor();
  await becomes(() => new URL(page.url()).hash, "", "the token stays in the address");
  await page.getByLabel("Your name").fill(person.name);
  await page.getByLabel("Password", { exact: true }).fill(person.password);
  await page.getByRole("button", { name: "Create account and join" }).click();
  await page.getByRole("heading", { name: "Today", level: 1 }).waitFor();
}

export async function open(page, workspace, name) {
  await page.goto(`${workspace.home}/people`);
  await page.getByRole("row").filter({ hasText: name }).click();
  await page.getByRole("complementary", { name }).waitFor();
}

/** Everything up to the click that saves; the click itself is returned. */
export async function changeRole(page, workspace, name, role) {
  await open(page, workspace, name);
  await page.getByRole("button", { name: "Change role" }).click();
  const dialog = page.getByRole("dialog", { name: `Role of ${name}` });
  await dialog.getByRole("radio", { name: new RegExp(`^${role}`) }).check();
  return () => dialog.getByRole("button", { name: "Save role" }).click();
}

/** Milliseconds from the click that saves until another window shows what it changed. */
export async function timed(prepare, seen) {
  const save = await prepare();
  const started = performance.now();
  await Promise.all([save(), seen()]);
  return performance.now() - started;
}

/** Gives a member another role as a program would. */
export async function patch(page, path, version, body) {
  const status = await page.evaluate(
    async ([path, version, body]) => {
      const headers = {
        "Content-Type": "application/json",
        "If-Match": `"${version}"`,
      };
      return (await fetch(path, { method: "PATCH", headers, body })).status;
    },
    [path, version, JSON.stringify(body)],
  );
  assert.equal(status, 200);
}
