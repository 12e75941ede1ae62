import { useEffect, useState } from "react";

/** Takes the token out of `#token=…` and out of the address, where it would stay in the history. */
export function takeToken(): string {
  const found = tokenIn(window.location.hash);
  if (!found) return "";
  window.history.replaceState(
    window.history.state,
    "",
    window.location.pathname + window.location.search,
  );
  return found;
}

/** The token of a link, or what was pasted without one: people paste either. */
export function bareToken(pasted: string): string {
  return tokenIn(pasted) || pasted.trim();
}

function tokenIn(text: string): string {
  const found = /[#&?]token=([^&\s]+)/.exec(text)?.[1];
  if (!found) return "";
  try {
    return decodeURIComponent(found);
  } catch {
    return found;
  }
}

/** The token of the link that was opened, also when another one is opened in the same window. */
export function useLinkToken(): readonly [string, (token: string) => void] {
  const [token, setToken] = useState(takeToken);
  useEffect(() => {
    const onLink = () => {
      const next = takeToken();
      if (next) setToken(next);
    };
    window.addEventListener("hashchange", onLink);
    return () => window.removeEventListener("hashchange", onLink);
  }, []);
  return [token, setToken];
}
