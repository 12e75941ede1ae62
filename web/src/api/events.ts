import { isRecord } from "./problem";

export interface Change {
  readonly kind: string;
  readonly id: string;
  readonly version: number | null;
}
export type StreamState = "connecting" | "open" | "down";

interface Handlers {
  onChange(change: Change): void;
  /** Something may have been missed: everything on the screen has to be read again. */
  onGap(): void;
  onState(state: StreamState): void;
  /** The stream broke or was refused; the session or the membership may have ended. */
  onLost(): void;
}

const RETRY_MS_MIN = 1_000;
const RETRY_MS_MAX = 15_000;
/** A stream that is away shorter than this is not worth a banner: a browser waits up to 5 s. */
const GRACE_MS = 5_500;

/** The stream of the box itself, for its operators. */
export const BOX_EVENTS = "/api/v1/events";

export function workspaceEvents(workspace: string): string {
  return `/api/v1/workspaces/${encodeURIComponent(workspace)}/events`;
}

/** Follows an event stream until closed; comes back by itself after a loss. */
export function followEvents(path: string, handlers: Handlers): () => void {
  let source: EventSource | null = null;
  let retryMs = RETRY_MS_MIN;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let grace: ReturnType<typeof setTimeout> | undefined;
  let wasDown = false;
  let closed = false;

  const lost = () => {
    grace ??= setTimeout(() => handlers.onState("down"), GRACE_MS);
  };
  const open = () => {
    source = new EventSource(path);
    source.onopen = () => {
      clearTimeout(grace);
      grace = undefined;
      retryMs = RETRY_MS_MIN;
      handlers.onState("open");
      if (wasDown) handlers.onGap();
      wasDown = false;
    };
    source.addEventListener("change", (event) => {
      const change = readChange(event.data);
      if (change) handlers.onChange(change);
    });
    source.addEventListener("reload", () => handlers.onGap());
    source.onerror = () => {
      if (closed) return;
      lost();
      // The box ends the stream of whoever may not listen any more: ask at once.
      handlers.onLost();
      // The browser retries a broken connection itself; a refused one it gives up.
      if (source?.readyState !== EventSource.CLOSED) return;
      wasDown = true;
      timer = setTimeout(open, retryMs);
      retryMs = Math.min(retryMs * 2, RETRY_MS_MAX);
    };
  };
  const back = () => {
    if (source?.readyState === EventSource.OPEN) return;
    clearTimeout(timer);
    source?.close();
    wasDown = true;
    open();
  };

  handlers.onState("connecting");
  open();
  window.addEventListener("online", back);
  return () => {
    closed = true;
    clearTimeout(timer);
    clearTimeout(grace);
    window.removeEventListener("online", back);
    source?.close();
  };
}

function readChange(data: unknown): Change | null {
  if (typeof data !== "string") return null;
  try {
    const body: unknown = JSON.parse(data);
    if (!isRecord(body) || typeof body["kind"] !== "string") return null;
    const version = body["version"];
    return {
      kind: body["kind"],
      id: String(body["id"] ?? ""),
      version: typeof version === "number" ? version : null,
    };
  } catch {
    return null;
  }
}
