import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { watchRequests } from "./requests.mjs";

/** What the tests use from npm is installed with the web UI. */
export const fromWeb = createRequire(new URL("../../../web/package.json", import.meta.url));
const { chromium } = fromWeb("playwright-core");

export const PERSON = {
  name: "Ana Kovač",
  email: "ana@harbour.example",
  password: "wet-lantern-orbit-42-quince",
};
export const WORKSPACE = "Harbour kitchen";
const WAIT_MS_MAX = 20_000;
const POLL_MS = 25;
const WIDE = { width: 1440, height: 900 };

/** `home` is where it finds whom it trusts; `name` leads to this machine. */
export async function startBrowser({ home, name } = {}) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...(name ? [`--host-resolver-rules=MAP ${name} 127.0.0.1`] : []),
    ],
    ...(home ? { env: { ...process.env, HOME: home } } : {}),
  });
}

/** A person's own browser window: cookies of its own, one page. Faults of the page are kept. */
export async function openWindow(browser, box, options = {}) {
  const context = await browser.newContext({
    baseURL: box.origin,
    ignoreHTTPSErrors: true,
    viewport: WIDE,
    locale: "en-GB",
    timezoneId: "Europe/Ljubljana",
    ...options,
  });
  context.setDefaultTimeout(WAIT_MS_MAX);
  const page = await context.newPage();
  await slowDown(page);
  watchRequests(page);
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    // The browser notes every refusal; whether one was right is what the tests say.
    const isRefusal = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !isRefusal) faults.push(message.text());
  });
  return { context, page, faults };
}

/** `SLOWER=4` makes the pages as much slower as a weak phone or a busy machine would. */
async function slowDown(page) {
  const rate = Number(process.env.SLOWER ?? 1);
  if (rate <= 1) return;
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Emulation.setCPUThrottlingRate", { rate });
}

const LIVE_MS_MAX = 1_000;

/**
 * What "live" means in a test: within a second or, where the machine has more to do than it can,
 * sooner than it opens the same page anew. `open` does that and waits until it shows what it has.
 */
export async function liveBound(open) {
  const started = performance.now();
  await open();
  return Math.max(LIVE_MS_MAX, performance.now() - started);
}

/** Reads again and again until it is what the test says; a value read once may be a moment old. */
export async function becomes(read, wanted, message) {
  const until = performance.now() + WAIT_MS_MAX;
  for (;;) {
    const value = await read();
    if (isDeepStrictEqual(value, wanted)) return;
    if (performance.now() > until) assert.deepEqual(value, wanted, message);
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
}

/** A request of the page itself, with its session. Throws unless it was answered well. */
export async function ask(page, method, path, body, type = "application/json") {
  const answer = await page.evaluate(
    async ({ method, path, body, type, key }) => {
      const response = await fetch(path, {
        method,
        headers: { "Content-Type": type, ...(key ? { "Idempotency-Key": key } : {}) },
        ...(body === undefined ? {} : { body }),
      });
      return { status: response.status, text: await response.text() };
    },
    {
      method,
      path,
      body: typeof body === "object" ? JSON.stringify(body) : body,
      type,
      // A file is sent as the screens send it: looking at it twice changes nothing.
      key: type === "application/json" ? randomUUID() : null,
    },
  );
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
  return answer.text ? JSON.parse(answer.text) : null;
}

/** Claims the box without the screens, for tests that start where set-up ends. */
export async function claim(page, box) {
  await page.goto("/setup");
  const made = await ask(page, "POST", "/api/v1/setup", {
    token: box.link.split("#token=")[1],
    box_name: "Harbour",
    operator: PERSON,
    workspace: {
      name: WORKSPACE,
      currency: "EUR",
      time_zone: "Europe/Ljubljana",
      locale: "en-GB",
    },
  });
  return new Workspace(page, made.workspace.id);
}

/** What a test puts into a workspace before it looks at it. */
export class Workspace {
  constructor(page, id) {
    this.page = page;
    this.id = id;
    this.home = `/w/${id}`;
    this.api = `/api/v1/workspaces/${id}/inventory`;
  }

  async import(kind, csv) {
    const preview = `${this.api}/import/preview?kind=${kind}`;
    const { id, errors } = await ask(this.page, "POST", preview, csv, "text/csv");
    if (errors.length > 0) throw new Error(`${kind}: ${JSON.stringify(errors.slice(0, 3))}`);
    return ask(this.page, "POST", `${this.api}/import/${id}/commit`);
  }

  async post(path, body) {
    return ask(this.page, "POST", `${this.api}${path}`, body);
  }

  async get(path) {
    return ask(this.page, "GET", `${this.api}${path}`);
  }
}

export async function signIn(page) {
  await page.goto("/sign-in");
  await page.getByLabel("Email").fill(PERSON.email);
  await page.getByLabel("Password", { exact: true }).fill(PERSON.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Today", level: 1 }).waitFor();
}
