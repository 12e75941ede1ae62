/**
 * Stands between a request that was refused because nobody is signed in any more and the screen
 * that asks to sign in again. While it waits, the refused requests wait too; then they go out once
 * more.
 */
type Listener = (isAsking: boolean) => void;

let known = false;
let waiting: { promise: Promise<boolean>; settle: (again: boolean) => void } | null = null;
const listeners = new Set<Listener>();

/** Says whether this browser has a session that could end. */
export function setSessionKnown(isKnown: boolean): void {
  known = isKnown;
}

export function isSessionKnown(): boolean {
  return known;
}

/** Resolves true when the person has signed in again, false when they chose not to. */
export function askToSignInAgain(): Promise<boolean> {
  if (!waiting) {
    let settle: (again: boolean) => void = () => undefined;
    const promise = new Promise<boolean>((resolve) => (settle = resolve));
    waiting = { promise, settle };
    tell(true);
  }
  return waiting.promise;
}

export function answerSignInAgain(again: boolean): void {
  const asked = waiting;
  waiting = null;
  if (!again) known = false;
  tell(false);
  asked?.settle(again);
}

export function isAskingToSignIn(): boolean {
  return waiting !== null;
}

export function onSignInAsked(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(isAsking: boolean): void {
  for (const listener of listeners) listener(isAsking);
}
