import { Gate } from "./gate";

/** Nobody is signed in any more: asked are all requests that were refused because of it. */
const gate = new Gate<true>();
const beyond = new Set<() => void>();
let known = false;
let leaving = false;

/** Says whether this browser has a session that could end. */
export function setSessionKnown(isKnown: boolean): void {
  known = isKnown;
}

export function isSessionKnown(): boolean {
  return known;
}

/** Resolves true when the person has signed in again, false when they chose not to. */
export function askToSignInAgain(): Promise<boolean> {
  return gate.ask(true);
}

export function answerSignInAgain(again: boolean): void {
  if (!again) known = false;
  gate.answer(again);
}

/**
 * Ends what was signed in here by `end` and goes to the sign-in page. Until that is there, the old
 * page learns nothing of a refusal: it was made for a person who is gone.
 */
export async function leave(end: () => unknown): Promise<void> {
  leaving = true;
  try {
    await end();
  } catch (error) {
    leaving = false;
    throw error;
  }
  known = false;
  window.location.assign("/sign-in");
}

export function isLeaving(): boolean {
  return leaving;
}

export function isAskingToSignIn(): boolean {
  return gate.question() !== null;
}

export function onSignInAsked(listener: (isAsking: boolean) => void): () => void {
  return gate.watch(() => listener(isAskingToSignIn()));
}

/** Tells when the box refuses everything but setting up a second factor. */
export function onEnrolmentNeeded(listener: () => void): () => void {
  beyond.add(listener);
  return () => beyond.delete(listener);
}

export function tellEnrolmentNeeded(): void {
  for (const listener of beyond) listener();
}
