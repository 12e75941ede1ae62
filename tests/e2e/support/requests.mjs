const WAIT_MS_MAX = 20_000;

/** The requests each page still awaits an answer to. */
const awaited = new WeakMap();

/** Counts what a page asks for from here on. Event streams never end and are not counted. */
export function watchRequests(page) {
  const open = new Set();
  awaited.set(page, open);
  page.on("request", (request) => {
    const isStream = new URL(request.url()).pathname.endsWith("/events");
    if (!isStream && !request.isNavigationRequest()) open.add(request);
  });
  for (const end of ["requestfinished", "requestfailed"])
    page.on(end, (request) => open.delete(request));
}

export function awaitedBy(page) {
  return awaited.get(page)?.size ?? 0;
}

/** Resolves as soon as the page awaits no answer; names the requests when they never end. */
export async function answered(page) {
  await new Promise((done, fail) => {
    const stop = (outcome, value) => {
      clearTimeout(timer);
      page.off("requestfinished", look);
      page.off("requestfailed", look);
      outcome(value);
    };
    const look = () => awaitedBy(page) === 0 && stop(done);
    const timer = setTimeout(() => {
      const open = [...awaited.get(page)].map((request) => request.url());
      stop(fail, new Error(`never answered: ${open.join(", ")}`));
    }, WAIT_MS_MAX);
    page.on("requestfinished", look);
    page.on("requestfailed", look);
    look();
  });
}
