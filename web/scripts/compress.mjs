// Writes a .br and a .gz beside every compressible file of dist/, so that the box never compresses
// at run time, and drops what is not served.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const DIST = new URL("../dist/", import.meta.url).pathname;
const COMPRESSIBLE = new Set([".js", ".css", ".html", ".svg", ".json", ".txt", ".webmanifest"]);
/** Below this a compressed copy saves nothing. */
const SIZE_BYTES_MIN = 256;

const files = readdirSync(DIST, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath ?? entry.path, entry.name));

let plain = 0;
let packed = 0;
for (const file of files) {
  if (!COMPRESSIBLE.has(extname(file))) continue;
  const bytes = readFileSync(file);
  if (bytes.length < SIZE_BYTES_MIN) continue;
  const brotli = brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });
  writeFileSync(`${file}.br`, brotli);
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  plain += bytes.length;
  packed += brotli.length;
}
// The manifest serves the budget check; it stays out of the way of the served files.
writeFileSync(
  join(DIST, "..", "node_modules", ".manifest.json"),
  readFileSync(join(DIST, "manifest.json")),
);
for (const suffix of ["", ".br", ".gz"])
  rmSync(join(DIST, `manifest.json${suffix}`), { force: true });
writeFileSync(join(DIST, ".gitkeep"), "");
console.log(`${files.length} files, ${plain} bytes, ${packed} bytes as brotli`);
