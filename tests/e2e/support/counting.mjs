// What tests of counts do with the stock of one place, and on the screen that counts it.

/** What lies in one place, each by the name of its item. */
export class Shelf {
  constructor(workspace, stock) {
    this.workspace = workspace;
    this.stock = stock;
  }

  of(name) {
    return this.stock.find((one) => one.item_name === name);
  }

  /** How much there is over all places by now. */
  async onHand(name) {
    return (await this.workspace.get(`/items/${this.of(name).item_id}`)).on_hand;
  }

  use(name, qty) {
    const { item_id, location_id } = this.of(name);
    return this.workspace.post("/movements", { type: "use", item_id, location_id, qty });
  }
}

/** Chooses what is counted next. */
export async function pick(page, name) {
  await page.getByLabel("Item number or name").fill(name);
  await page.getByLabel("Item number or name").press("Enter");
  await page.getByRole("heading", { name, level: 2 }).waitFor();
}

export async function press(page, keys) {
  const pad = page.getByRole("group", { name: "Number pad" });
  for (const key of keys) await pad.getByRole("button", { name: key, exact: true }).click();
}

export function next(page) {
  return page.getByRole("button", { name: "Next", exact: true }).click();
}
