// Fails when the cold first screen needs more JavaScript than promised. Run after `npm run build`.
import { readFileSync, statSync } from "node:fs";

const BUDGET_BYTES = 250 * 1024;
const root = new URL("..", import.meta.url).pathname;
const manifest = JSON.parse(readFileSync(`${root}node_modules/.manifest.json`, "utf8"));

/** The entry, everything it imports, and what the first screens load on top of it. */
const ENTRY = "index.html";
const SCREENS = {
  "set-up": ["src/i18n/en/index.ts", "src/platform/setup/SetupScreen.tsx"],
  "sign-in": ["src/i18n/en/index.ts", "src/platform/identity/SignInScreen.tsx"],
  today: ["src/i18n/en/index.ts", "src/shell/Frame.tsx", "src/shell/TodayScreen.tsx"],
  items: [
    "src/i18n/en/index.ts",
    "src/shell/Frame.tsx",
    "src/apps/inventory/items/ItemsScreen.tsx",
  ],
};

function gather(name, seen) {
  const chunk = manifest[name];
  if (!chunk) throw new Error(`The build has no chunk for ${name}; mend scripts/budget.mjs.`);
  if (seen.has(chunk.file)) return;
  seen.add(chunk.file);
  for (const other of chunk.imports ?? []) gather(other, seen);
}

let failed = false;
for (const [screen, chunks] of Object.entries(SCREENS)) {
  const files = new Set();
  for (const name of [ENTRY, ...chunks]) gather(name, files);
  let bytes = 0;
  for (const file of files) {
    if (!file.endsWith(".js")) continue;
    const packed = statSync(`${root}dist/${file}.br`, { throwIfNoEntry: false });
    bytes += packed ? packed.size : statSync(`${root}dist/${file}`).size;
  }
  const ok = bytes <= BUDGET_BYTES;
  failed ||= !ok;
  console.log(
    `${ok ? "ok  " : "OVER"} ${screen}: ${(bytes / 1024).toFixed(1)} KiB of ${BUDGET_BYTES / 1024}`,
  );
}
process.exit(failed ? 1 : 0);
