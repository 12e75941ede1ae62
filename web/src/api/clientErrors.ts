import { api } from "./client";
import { ApiProblem } from "./problem";
import { isSessionKnown } from "./session";
import { lastRequestId } from "./trace";

const MESSAGE_MAX = 500;
const STACK_MAX = 4_000;
const PATH_MAX = 300;
const REPORTS_MAX_PER_MINUTE = 5;
const MINUTE_MS = 60_000;
/** A fault that comes again and again is said once in this long. */
const SAME_MS = 10 * MINUTE_MS;

/** What a browser notes when a size changes while sizes are told; it tells them a frame later. */
const LATE_SIZES = "ResizeObserver loop completed with undelivered notifications.";

export interface Fault {
  readonly message: string;
  readonly stack: string | null;
}

/** What went wrong, as text; null for what is no fault of the page. */
export function faultOf(error: unknown): Fault | null {
  // A refusal is an answer, a lost connection is not the page's doing, a stopped request is meant.
  if (error instanceof ApiProblem) return null;
  if (error === LATE_SIZES || (error instanceof Error && error.message === LATE_SIZES)) return null;
  if (error instanceof DOMException && error.name === "AbortError") return null;
  if (error instanceof Error)
    return {
      message: `${error.name}: ${error.message}`.slice(0, MESSAGE_MAX),
      stack: error.stack?.slice(0, STACK_MAX) ?? null,
    };
  if (typeof error === "string" && error)
    return { message: error.slice(0, MESSAGE_MAX), stack: null };
  return null;
}

/** Decides which faults are worth a report, so that none of them can become a flood. */
export class Gate {
  private readonly sent: number[] = [];
  private readonly seen = new Map<string, number>();

  lets(fault: Fault, nowMs: number): boolean {
    const before = this.seen.get(fault.message);
    if (before !== undefined && nowMs - before < SAME_MS) return false;
    while (this.sent[0] !== undefined && nowMs - this.sent[0] >= MINUTE_MS) this.sent.shift();
    if (this.sent.length >= REPORTS_MAX_PER_MINUTE) return false;
    this.sent.push(nowMs);
    this.seen.set(fault.message, nowMs);
    return true;
  }
}

const gate = new Gate();

/** Tells the box of a fault of the page. Fails in silence: a report never causes another. */
export function reportError(error: unknown): void {
  const fault = faultOf(error);
  if (!fault || !isSessionKnown() || !gate.lets(fault, Date.now())) return;
  const request = lastRequestId();
  void api
    .POST("/api/v1/client-errors", {
      body: {
        message: fault.message,
        path: window.location.pathname.slice(0, PATH_MAX),
        ...(fault.stack ? { stack: fault.stack } : {}),
        ...(request ? { request_id: request } : {}),
      },
    })
    .catch(() => undefined);
}

/** Listens for what nothing else catches. */
export function watchErrors(): void {
  window.addEventListener("error", (event) => reportError(event.error ?? event.message));
  window.addEventListener("unhandledrejection", (event) => reportError(event.reason));
}
