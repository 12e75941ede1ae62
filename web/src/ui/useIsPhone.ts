import { useSyncExternalStore } from "react";

const query = "(max-width: 56.24em)";

function subscribe(onChange: () => void): () => void {
  const media = window.matchMedia(query);
  media.addEventListener("change", onChange);
  return () => media.removeEventListener("change", onChange);
}

/** True below 900 px, where lists have two-line rows and the bottom bar replaces the sidebar. */
export function useIsPhone(): boolean {
  return useSyncExternalStore(subscribe, () => window.matchMedia(query).matches);
}
