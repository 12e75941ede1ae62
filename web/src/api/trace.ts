let last: string | null = null;

/** Remembers the number the box gave to a request. */
export function noteRequest(response: Response): void {
  last = response.headers.get("x-request-id") ?? last;
}

/** The request answered last: where to look in the log when the page fails after it. */
export function lastRequestId(): string | null {
  return last;
}
