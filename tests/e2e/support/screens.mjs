import { answered, awaitedBy } from "./requests.mjs";

/** Every screen by name and address. */
export function screensOf(home, item, place) {
  return [
    ["today", home],
    ["items", `${home}/inventory/items`],
    ["items with a quick look", `${home}/inventory/items?panel=${item}`],
    ["no item fits", `${home}/inventory/items?q=zzzzz`],
    ["item", `${home}/inventory/items/${item}`],
    ["edit item", `${home}/inventory/items/${item}/edit`],
    ["new item", `${home}/inventory/items/new`],
    ["locations", `${home}/inventory/locations`],
    ["location", `${home}/inventory/locations/${place}`],
    ["new location", `${home}/inventory/locations/new`],
    ["stock", `${home}/inventory/stock`],
    ["movements", `${home}/inventory/movements`],
    ["low stock", `${home}/inventory/low`],
    ["orders", `${home}/inventory/orders`],
    ["no order is canceled", `${home}/inventory/orders?status=canceled`],
    ["new order", `${home}/inventory/orders/new`],
    ["suppliers", `${home}/inventory/suppliers`],
    ["new supplier", `${home}/inventory/suppliers/new`],
    ["counts", `${home}/inventory/counts`],
    ["no count is like that", `${home}/inventory/counts?state=canceled`],
    ["stock value", `${home}/inventory/reports`],
    ["stock value by item", `${home}/inventory/reports?group=item`],
    ["usage", `${home}/inventory/reports/usage`],
    ["usage by item", `${home}/inventory/reports/usage?group=item`],
    ["count accuracy", `${home}/inventory/reports/accuracy`],
    ["import", `${home}/inventory/import`],
    ["people", `${home}/people`],
    ["invitations", `${home}/people?show=invited`],
    ["roles", `${home}/people?show=roles`],
    ["audit", `${home}/audit`],
    ["audit of the people", `${home}/audit?log=people&outcome=ok`],
    ["no entry fits", `${home}/audit?kind=inventory.supplier`],
    ["programs", `${home}/programs`],
    ["security", `${home}/security`],
    ["jobs", `${home}/jobs`],
    ["recycle bin", `${home}/deleted`],
    ["search", `${home}/search?q=sal`],
    ["settings", `${home}/settings`],
    ["workspaces", "/workspaces"],
    ["new workspace", "/workspaces?new=true"],
    ["jobs of the box", "/box/jobs"],
    ["errors", "/box/errors"],
    ["logs", "/box/logs"],
    ["about", "/about"],
    ["account", "/account"],
    ["notices", "/notices"],
    ["unread notices", "/notices?unread=true"],
    ["users", "/box/users"],
    ["programs of the box", "/box/programs"],
    ["mail and webhooks", "/box/delivery"],
    ["nothing was given up", "/box/delivery?state=failed"],
    ["backups", "/box/backups"],
    ["updates", "/box/updates"],
    ["registration", "/box/registration"],
    ["nobody was erased", "/box/erasures"],
    ["security of the box", "/box/security"],
    ["doctor", "/box/doctor"],
    ["security review", "/box/review"],
    ["system", "/system"],
    ["audit of the box", "/system/audit"],
    ["nothing there", `${home}/no-such-page`],
  ];
}

/** Opens a screen and waits until it shows what it has instead of its skeleton. */
export async function openScreen(page, path) {
  await page.goto(path);
  await page.getByRole("heading").first().waitFor();
  await settled(page);
}

/**
 * Waits until nothing on the page is under way: no answer awaited, none still being drawn, nothing
 * busy (a field says so while it waits for more typing), nothing moving.
 */
export async function settled(page) {
  do {
    await answered(page);
    await drawn(page);
    await page.waitForFunction(isStill);
  } while (awaitedBy(page) > 0 || !(await page.evaluate(isStill)));
}

function isStill() {
  const busy = document.querySelector("[aria-busy=true], [role=status][aria-label=Loading]");
  return busy === null && document.getAnimations().every((one) => one.playState !== "running");
}

/**
 * Resolves when the page has drawn the answers it got. An answer is handed on by a timer of no
 * length and then drawn; the browser calls back only when it has neither left to do. A page that
 * is never idle is looked at all the same, and what is busy on it says so.
 */
async function drawn(page) {
  await page.evaluate(async () => {
    const idle = () => new Promise((done) => requestIdleCallback(() => done(), { timeout: 1000 }));
    await idle();
    await new Promise((done) => setTimeout(done));
    await idle();
  });
}
