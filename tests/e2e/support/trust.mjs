import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BINARY } from "./box.mjs";

/** Whether certificates can be given to a browser here. */
export function canTrust() {
  try {
    execFileSync("certutil", ["-H"], { stdio: "ignore" });
    return true;
  } catch (error) {
    // Its help ends with an error, too; it is missing only when nothing was started.
    return error.code !== "ENOENT";
  }
}

/** A home folder whose browser trusts this box's own authority, as a person's computer would. */
export async function homeThatTrusts(box) {
  const home = await mkdtemp(join(tmpdir(), "holdfast-home-"));
  const root = join(home, "root.pem");
  await writeFile(root, execFileSync(BINARY, ["ca", "show", "--pem", "--data", box.data]));
  const store = join(home, ".pki", "nssdb");
  await mkdir(store, { recursive: true });
  const certutil = (...args) => execFileSync("certutil", ["-d", `sql:${store}`, ...args]);
  certutil("-N", "--empty-password");
  certutil("-A", "-n", "the box", "-t", "C,,", "-i", root);
  return { home, remove: () => rm(home, { recursive: true, force: true }) };
}

/** A port that was free a moment ago: what the box is called has to be known before it listens. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
