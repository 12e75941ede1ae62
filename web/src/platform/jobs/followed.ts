import { useSyncExternalStore } from "react";

/** A job this browser tab asked for and wants to hear the end of. */
export interface Followed {
  readonly workspace: string;
  readonly id: string;
}

const KEY = "holdfast.jobs";
const FOLLOWED_MAX = 20;
const listeners = new Set<() => void>();
let followed: readonly Followed[] = read();

/** Keeps an eye on a job across screens and reloads of this tab, until it ended. */
export function followJob(workspace: string, id: string): void {
  if (followed.some((one) => one.id === id)) return;
  set([...followed, { workspace, id }].slice(-FOLLOWED_MAX));
}

export function forgetJob(id: string): void {
  if (followed.some((one) => one.id === id)) set(followed.filter((one) => one.id !== id));
}

export function useFollowedJobs(): readonly Followed[] {
  return useSyncExternalStore(subscribe, () => followed);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function set(next: readonly Followed[]): void {
  followed = next;
  try {
    sessionStorage.setItem(KEY, JSON.stringify(next));
  } catch {
    // A browser that forbids storage forgets them with the page.
  }
  for (const listener of listeners) listener();
}

function read(): readonly Followed[] {
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
    return Array.isArray(stored) ? stored.filter(isFollowed) : [];
  } catch {
    return [];
  }
}

function isFollowed(value: unknown): value is Followed {
  return (
    typeof value === "object" &&
    value !== null &&
    "id" in value &&
    typeof value.id === "string" &&
    "workspace" in value &&
    typeof value.workspace === "string"
  );
}
