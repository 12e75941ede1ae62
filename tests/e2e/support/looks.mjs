import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { fromWeb } from "./browser.mjs";
import { settled } from "./screens.mjs";

const AXE = readFileSync(fromWeb.resolve("axe-core/axe.min.js"), "utf8");
const SIZES = [
  [1440, 900],
  [390, 844],
];

/** Nothing on the screen keeps anybody out; with `SHOTS` set, pictures of it lie there. */
export async function looksWell(page, name, { fullPage = false } = {}) {
  await settled(page);
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => (await window.axe.run(document)).violations);
  assert.deepEqual(
    found.map((one) => `${one.id}: ${one.nodes[0].html}`),
    [],
    name,
  );
  if (!process.env.SHOTS) return;
  for (const [width, height] of SIZES)
    for (const colorScheme of ["light", "dark"]) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await settled(page);
      const path = `${process.env.SHOTS}/${name}-${width}-${colorScheme}.png`;
      await page.screenshot({ path, fullPage });
    }
  await page.setViewportSize({ width: 1280, height: 800 });
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
}
