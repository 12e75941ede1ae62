// Every screen, wide and narrow, light and dark: axe finds nothing, and nothing scrolls sideways.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { startBox } from "./support/box.mjs";
import {
  claim,
  fromWeb,
  openWindow,
  startBrowser,
} from "./support/browser.mjs";
import {
  items,
  itemsCsv,
  LOCATIONS_CSV,
  openingStockCsv,
} from "./support/pantry.mjs";
import { openScreen, screensOf, settled } from "./support/screens.mjs";

const AXE = readFileSync(fromWeb.resolve("axe-core/axe.min.js"), "utf8");
const SIZES = [
  { width: 1440, height: 900 },
  { width: 390, height: 844 },
];
const NARROW = { width: 360, height: 740 };
const LONG =
  "Sautéed forest mushrooms with thyme, cooked on the day, in the tall steel container";

describe("every screen", () => {
  let box, browser, page, faults, workspace, context, screens;

  before(async () => {
    box = await startBox();
    browser = await startBrowser();
    ({ context, page, faults } = await openWindow(browser, box, {
      reducedMotion: "reduce",
    }));
  });
  after(async () => {
    await browser?.close();
    await box?.stop();
  });

  test("set-up and sign-in", async () => {
    await page.goto(box.link);
    await page.getByRole("button", { name: "Begin" }).waitFor();
    await look(page, "welcome");
    await page.getByText("Restore a backup instead").click();
    await page.getByText("holdfast recover --from").waitFor();
    await look(page, "restore instead");
    await page.getByRole("button", { name: "Begin" }).click();
    await page.getByLabel("Your name").fill("Ana Kovač");
    await page.getByLabel("Email").fill("not an address");
    await page.getByLabel("Password", { exact: true }).fill("short");
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByText("2 things to mend").waitFor();
    await look(page, "who are you, with errors");
    await page.getByLabel("Email").fill("ana@harbour.example");
    await page
      .getByLabel("Password", { exact: true })
      .fill("wet-lantern-orbit-42-quince");
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByLabel("Name of the box").waitFor();
    await look(page, "this box");
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByLabel("Name of the workspace").waitFor();
    await look(page, "first workspace");

    workspace = await claim(page, box);
    const stranger = await openWindow(browser, box, {
      reducedMotion: "reduce",
    });
    await stranger.page.goto("/sign-in");
    await stranger.page.getByRole("button", { name: "Sign in" }).waitFor();
    await look(stranger.page, "sign in");
    await stranger.context.close();
  });

  test("empty, before anything was entered", async () => {
    for (const path of [
      "",
      "/inventory/items",
      "/inventory/stock",
      "/inventory/movements",
    ]) {
      await openScreen(page, `${workspace.home}${path}`);
      await look(page, `empty ${path || "today"}`);
    }
    await openScreen(page, `${workspace.home}/inventory/locations`);
    await look(page, "empty locations");
  });

  test("with a kitchen's data", async () => {
    const list = items(60);
    list[3] = { ...list[3], name: LONG };
    list[5] = { ...list[5], name: "סלמון טרי" };
    await workspace.import("items", itemsCsv(list));
    await workspace.import("locations", LOCATIONS_CSV);
    await workspace.import("opening_stock", openingStockCsv(list));
    const { items: found } = await workspace.get("/items?limit=200");
    const { items: places } = await workspace.get("/locations");
    const item = found.find((one) => one.name === LONG);
    screens = screensOf(workspace.home, item.id, places[0].id);
    for (const [name, path] of screens) {
      await openScreen(page, path);
      await look(page, name);
    }
  });

  test("dialogs and menus", async () => {
    await openScreen(
      page,
      `${workspace.home}/inventory/movements?post=receive`,
    );
    await page.getByRole("dialog", { name: "Receive stock" }).waitFor();
    await page.getByRole("button", { name: "Receive stock" }).last().click();
    await page.getByText(/things to mend/).waitFor();
    await look(page, "movement dialog with errors");

    await openScreen(page, `${workspace.home}/inventory/movements`);
    await page
      .getByRole("textbox", { name: "Quick entry" })
      .fill("use 2 kg salmon @cooler");
    // Axe must not look while the line is still being understood: the button is grey until then.
    await page.locator("button:enabled", { hasText: "Use stock" }).waitFor();
    await look(page, "quick entry");
    await page.getByRole("grid").getByRole("row").nth(1).click();
    await page.getByRole("dialog", { name: "Movement" }).waitFor();
    await look(page, "a movement");

    await openScreen(page, workspace.home);
    await page.keyboard.press("Control+K");
    await page.getByRole("combobox", { name: "Search and go" }).fill("sal");
    await page.getByRole("option").first().waitFor();
    await look(page, "palette");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await page.keyboard.press("?");
    await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
    await look(page, "shortcuts");
  });

  test("people and the links that bring them", async () => {
    await openScreen(page, `${workspace.home}/people`);
    await page.getByRole("row").nth(1).click();
    await page.getByRole("complementary").getByText("Last seen").waitFor();
    await look(page, "a member");
    await page.getByRole("button", { name: "Invite", exact: true }).click();
    await page.getByRole("button", { name: "Make the link" }).click();
    await page.getByText("One thing to mend").waitFor();
    await look(page, "invite, with an error");
    await page.getByLabel("Their email").fill("ben@harbour.example");
    await page.getByRole("button", { name: "Make the link" }).click();
    const made = page.getByRole("dialog", {
      name: "Send this link to ben@harbour.example",
    });
    await made.getByRole("img").waitFor();
    await look(page, "the link to send");
    const link = await made.locator("code").textContent();

    const stranger = await openWindow(browser, box, {
      reducedMotion: "reduce",
    });
    await stranger.page.goto(link);
    await stranger.page.getByLabel("Your name").waitFor();
    await look(stranger.page, "an invitation");
    await stranger.page.goto("/invitation#token=worn-out");
    await stranger.page.getByText("This invitation does not work").waitFor();
    await look(stranger.page, "a link that does not work");
    await stranger.context.close();
  });

  test("programs, receivers, and those who register", async () => {
    await openScreen(page, `${workspace.home}/programs`);
    await page.getByRole("button", { name: "New program" }).first().click();
    await page.getByRole("button", { name: "Create program" }).click();
    await page.getByText("2 things to mend").waitFor();
    await look(page, "a new program, with errors");
    await page.getByRole("textbox", { name: "Name" }).fill(LONG.slice(0, 80));
    await page.getByRole("checkbox").first().check();
    await page.getByRole("button", { name: "Create program" }).click();
    await page.getByRole("button", { name: "I have copied it" }).waitFor();
    await look(page, "the secret of a program");
    await openScreen(page, `${workspace.home}/programs`);
    await look(page, "a list of programs");

    await openScreen(page, "/box/delivery");
    await page.getByRole("button", { name: "New receiver" }).click();
    await page.getByRole("radio", { name: "Only some" }).check();
    await page.getByRole("button", { name: "Create receiver" }).click();
    await page.getByText("3 things to mend").waitFor();
    await look(page, "a new receiver, with errors");

    const stranger = await openWindow(browser, box, {
      reducedMotion: "reduce",
    });
    await stranger.page.goto("/register");
    await stranger.page.getByText("Nobody can register here").waitFor();
    await look(stranger.page, "a closed box");
    await openScreen(page, "/box/registration");
    await page.getByRole("radio", { name: /^Addresses/ }).check();
    await page
      .getByRole("textbox", { name: "Domains" })
      .fill("harbour.example");
    await look(page, "registration, opened");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText(/^People register at/).waitFor();
    await stranger.page.goto("/register");
    await stranger.page.getByLabel("Your name").waitFor();
    await look(stranger.page, "somebody who registers");
    await stranger.page.goto("/register#token=worn-out");
    await stranger.page
      .getByRole("button", { name: "Create account" })
      .waitFor();
    await look(stranger.page, "somebody who confirms");
    await stranger.context.close();
  });

  test("an import's errors", async () => {
    await openScreen(page, `${workspace.home}/inventory/import`);
    await page.locator("input[type=file]").setInputFiles({
      name: "bad.csv",
      mimeType: "text/csv",
      buffer: Buffer.from(
        'item_number,name,unit,min_qty\nX-1,Thing,kg,"1,5"\n',
      ),
    });
    await page.getByRole("grid", { name: "Errors" }).waitFor();
    await look(page, "import with errors");
  });

  test("needs no sideways scrolling at 360 pixels", async () => {
    await page.setViewportSize(NARROW);
    for (const [name, path] of screens) {
      await openScreen(page, path);
      await staysInside(page, name);
    }
  });

  test("never met a fault of the page", () => assert.deepEqual(faults, []));
});

/** Looks at what is open in both sizes and both themes. */
async function look(page, name) {
  for (const size of SIZES) {
    await page.setViewportSize(size);
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      await page
        .locator(`html[data-mantine-color-scheme=${colorScheme}]`)
        .waitFor();
      await settled(page);
      // A theme changes colours alone; everything else axe has seen in the light one.
      const found = await violations(
        page,
        colorScheme === "dark" ? ["color-contrast"] : null,
      );
      assert.deepEqual(
        found,
        [],
        `${name} at ${size.width} px, ${colorScheme}`,
      );
      await staysInside(page, name);
    }
  }
  await page.setViewportSize(SIZES[0]);
  await page.emulateMedia({ colorScheme: "light" });
}

/** What axe has to say; its source is evaluated, because the page's own rules forbid scripts. */
async function violations(page, only) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  return page.evaluate(async (rules) => {
    const result = await window.axe.run(document, {
      resultTypes: ["violations"],
      ...(rules ? { runOnly: rules } : {}),
    });
    return result.violations.map(({ id, nodes }) => ({
      id,
      nodes: nodes
        .slice(0, 3)
        .map((node) => `${node.html.slice(0, 160)} ${node.failureSummary}`),
    }));
  }, only);
}

async function staysInside(page, name) {
  const { wanted, there } = await page.evaluate(() => ({
    wanted: Math.max(
      document.documentElement.scrollWidth,
      document.body.scrollWidth,
    ),
    there: window.innerWidth,
  }));
  assert.ok(wanted <= there, `${name} is ${wanted} px wide in ${there} px`);
}
