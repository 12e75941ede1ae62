// Debian's `pebble`, an authority for tests that signs by ACME, and the names it looks up.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./trust.mjs";

const REACHED_MS_MAX = 20_000;
const PROGRAMS = ["pebble", "pebble-challtestsrv", "openssl"];

/** Why there can be none, or null. */
export function missing() {
  const absent = PROGRAMS.filter((name) => spawnSync("which", [name]).status !== 0);
  return absent.length > 0 ? `there is no ${absent.join(", no ")}` : null;
}

/**
 * Starts an authority that looks for proofs at the given port of this machine. It rejects some
 * good nonces, as the real ones sometimes do. Gives the settings that a box needs.
 */
export async function startPebble(tlsPort) {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-pebble-"));
  const at = (name) => join(folder, name);
  const [listen, management, names, told, unused] = await Promise.all(
    Array.from({ length: 5 }, freePort),
  );
  const pair = { certificate: at("server.pem"), privateKey: at("server.key") };
  const says = ["subjectAltName=IP:127.0.0.1", "basicConstraints=critical,CA:FALSE"];
  const subject = ["-subj", "/CN=127.0.0.1", ...says.flatMap((one) => ["-addext", one])];
  const made = ["-out", pair.certificate, "-keyout", pair.privateKey];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  execFileSync("openssl", ["req", ...kind, "-days", "2", ...subject, ...made], { stdio: "ignore" });
  const config = {
    ...pair,
    listenAddress: `127.0.0.1:${listen}`,
    managementListenAddress: `127.0.0.1:${management}`,
    httpPort: unused,
    tlsPort,
    ocspResponderURL: "",
    externalAccountBindingRequired: false,
  };
  writeFileSync(at("pebble.json"), JSON.stringify({ pebble: config }));
  const off = ["-http01", "", "-https01", "", "-tlsalpn01", "", "-defaultIPv6", ""];
  const lookUp = ["-dns01", `127.0.0.1:${names}`, "-management", `127.0.0.1:${told}`];
  const env = { ...process.env, PEBBLE_VA_NOSLEEP: "1", PEBBLE_WFE_NONCEREJECT: "5" };
  const sign = ["-strict", "-dnsserver", `127.0.0.1:${names}`, "-config", at("pebble.json")];
  const children = [
    spawn("pebble-challtestsrv", [...off, ...lookUp], { stdio: "ignore" }),
    spawn("pebble", sign, { stdio: "ignore", env }),
  ];
  const stop = async () => {
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("exit", () => children.forEach((child) => child.kill("SIGKILL")));
  await Promise.all([reachable(told), reachable(listen)]);
  const settings = {
    HOLDFAST_TLS__MODE: "acme",
    HOLDFAST_TLS__ACME_DIRECTORY: `https://127.0.0.1:${listen}/dir`,
    HOLDFAST_TLS__ACME_ROOT: pair.certificate,
    HOLDFAST_TLS__ACME_CHALLENGE: "tls-alpn-01",
  };
  return { settings, stop };
}

/** Waits until somebody listens on a port of this machine. */
async function reachable(port) {
  const end = Date.now() + REACHED_MS_MAX;
  const isOpen = () =>
    new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1");
      socket.once("connect", () => (socket.destroy(), resolve(true)));
      socket.once("error", () => resolve(false));
    });
  while (!(await isOpen())) {
    if (Date.now() > end) throw new Error(`nobody listens on ${port}`);
  }
}
