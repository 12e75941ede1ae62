import createClient from "openapi-fetch";
import { ApiProblem, problemOf } from "./problem";
import type { paths } from "./schema.gen";
import { askToSignInAgain, isLeaving, isSessionKnown, tellEnrolmentNeeded } from "./session";
import { CANCELLED, methodsOf, refusalIn, stepUp } from "./stepUp";
import { noteRequest } from "./trace";

/** These answer 401 for reasons of their own: asking to sign in again would be wrong. */
const SIGN_IN_PATHS = ["/api/v1/auth/", "/api/v1/setup", "/api/v1/invitations/"];

/** The answer to a page that is on its way out. */
const NEVER = new Promise<never>(() => undefined);

type Reach = (request: Request) => Promise<Response>;

/** How often one request may be sent: as it is, after signing in, after a step-up. */
const SENDS_MAX = 3;

/**
 * Sends a request; when the session has ended meanwhile, or the person has to show again that it
 * is them, waits for that and sends the very same request (same body, same Idempotency-Key) again.
 */
async function send(request: Request, by: Reach = reach): Promise<Response> {
  let next = request;
  for (let sends = 1; ; sends += 1) {
    const again = next.clone();
    const response = await by(next);
    if (sends === SENDS_MAX || !isSessionKnown() || !(await mayGoOn(request, response)))
      return isForGone(request, response) ? NEVER : response;
    next = again;
  }
}

/** Whether what was refused was asked by a page that is being left. */
function isForGone(request: Request, response: Response): boolean {
  return isLeaving() && response.status === 401 && !isSignIn(request);
}

function isSignIn(request: Request): boolean {
  const { pathname } = new URL(request.url);
  return SIGN_IN_PATHS.some((prefix) => pathname.startsWith(prefix));
}

/** True once the person has done what the refusal asks for. */
async function mayGoOn(request: Request, response: Response): Promise<boolean> {
  if (isSignIn(request)) return false;
  if (response.status === 401) return !isLeaving() && askToSignInAgain();
  if (response.status !== 403) return false;
  const { code, methods } = await refusalIn(response);
  if (code === "mfa-enrolment-needed") tellEnrolmentNeeded();
  if (code !== "step-up-needed") return false;
  if (await stepUp.ask(methodsOf(methods))) return true;
  throw new ApiProblem({ code: CANCELLED }, null);
}

async function reach(request: Request): Promise<Response> {
  try {
    const response = await fetch(request);
    noteRequest(response);
    return response;
  } catch (cause) {
    if (request.signal.aborted) throw cause;
    throw new ApiProblem({ code: "network" }, null);
  }
}

export const api = createClient<paths>({
  baseUrl: window.location.origin,
  fetch: (request) => send(request),
});

/** Sends a file as any request is sent, and says how much of it is on its way. */
export function sendingFile(file: Blob, onSent: (share: number) => void) {
  const by = (request: Request) => reachWithFile(request, file, onSent);
  return {
    // What is sent is the file itself; the description of the API calls its bytes a string.
    body: "",
    fetch: (request: Request) => send(request, by),
  };
}

/** As `reach`. Only the older way says how far a body got. */
function reachWithFile(
  request: Request,
  file: Blob,
  onSent: (share: number) => void,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    const call = new XMLHttpRequest();
    call.open(request.method, request.url);
    request.headers.forEach((value, name) => call.setRequestHeader(name, value));
    call.upload.onprogress = ({ loaded, total }) => onSent(total > 0 ? loaded / total : 0);
    call.onload = () => {
      const headers = readHeaders(call.getAllResponseHeaders());
      const response = new Response(call.responseText || null, { status: call.status, headers });
      noteRequest(response);
      resolve(response);
    };
    call.onerror = () => reject(new ApiProblem({ code: "network" }, null));
    call.send(file);
  });
}

function readHeaders(text: string): Headers {
  const headers = new Headers();
  for (const line of text.split("\r\n")) {
    const at = line.indexOf(":");
    if (at > 0) headers.append(line.slice(0, at), line.slice(at + 1).trim());
  }
  return headers;
}

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a good answer, or the refusal as an exception. */
export async function ok<T>(answer: Promise<Answer<T>>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) throw await problemOf(response, error);
  // An answer without content has no body and its caller expects none.
  return data as T;
}

/** The header that makes sending the same form twice harmless. */
export function idempotent(key: string): { "Idempotency-Key": string } {
  return { "Idempotency-Key": key };
}

/** The header parameter that says which version of an object a change is based on. */
export function ifMatch(version: number): { "If-Match": string } {
  return { "If-Match": `"${version}"` };
}

/** A random key. `randomUUID` is missing where a proxy serves the box without TLS. */
export function newKey(): string {
  if (typeof crypto.randomUUID === "function") return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}
