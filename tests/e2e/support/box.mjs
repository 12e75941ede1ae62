import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const BINARY =
  process.env.HOLDFAST ?? fileURLToPath(new URL("../../../target/debug/holdfast", import.meta.url));
const START_MS_MAX = 30_000;

/**
 * Starts the real program on a free port with data of its own; `stop` ends it and removes them.
 * With a name it is called so in links and certificate, and listens on the port given with it.
 * Settings are named as in the environment.
 */
export async function startBox({ name, port: wanted = 0, settings = {} } = {}) {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-e2e-"));
  const data = join(folder, "data");
  const called = name ? { HOLDFAST_SERVER__PUBLIC_URL: `https://${name}:${wanted}` } : {};
  const child = spawn(BINARY, ["serve", "--data", data, "--https", `127.0.0.1:${wanted}`], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...called, ...settings },
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const stop = async () => {
    child.kill("SIGKILL");
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  process.once("exit", () => child.kill("SIGKILL"));
  try {
    const { port, link } = await ready(child);
    return { origin: `https://${name ?? "localhost"}:${port}`, port, data, link, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Reads what the program prints until it says where it listens. */
function ready(child) {
  return new Promise((resolve, reject) => {
    const printed = [];
    let link = null;
    const fail = (why) => reject(new Error(`${why}:\n${printed.join("\n")}`));
    const timer = setTimeout(() => fail("the box was not ready in time"), START_MS_MAX);
    const read = (line) => {
      printed.push(line);
      link = /https:\/\/\S+\/setup#token=\S+/.exec(line)?.[0] ?? link;
      const port = / ready .*https="?[^\s"]*:(\d+)/.exec(line)?.[1];
      if (!port) return;
      clearTimeout(timer);
      resolve({ port, link });
    };
    createInterface({ input: child.stdout }).on("line", read);
    createInterface({ input: child.stderr }).on("line", read);
    child.once("error", (error) => fail(`${BINARY} did not start (${error.message})`));
    child.once("exit", () => fail("the box ended at its start"));
  });
}
