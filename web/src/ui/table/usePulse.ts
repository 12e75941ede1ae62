import { useEffect, useRef, useState } from "react";

const PULSE_MS = 1_400;

/**
 * Names the rows that changed since the last look at the same list, for a short while. Rows that
 * only appear because another page was loaded do not count; rows that slid in between do.
 */
export function usePulse(
  keys: readonly string[],
  versions: readonly string[],
  scope: string,
): ReadonlySet<string> {
  const seen = useRef<{ scope: string; versions: Map<string, string> } | null>(null);
  const [pulsing, setPulsing] = useState<ReadonlySet<string>>(new Set());
  const signature = versions.join("\n");

  useEffect(() => {
    const before = seen.current;
    const now = new Map(keys.map((key, index) => [key, versions[index] ?? ""]));
    if (keys.length > 0) seen.current = { scope, versions: now };
    if (!before || before.scope !== scope || keys.length === 0) return;
    const changed = changedKeys(keys, now, before.versions);
    if (changed.length === 0) return;
    setPulsing(new Set(changed));
    const timer = setTimeout(() => setPulsing(new Set()), PULSE_MS);
    return () => clearTimeout(timer);
    // The signature stands for keys and versions, which are new arrays every time.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [signature, scope]);

  return pulsing;
}

export function changedKeys(
  keys: readonly string[],
  now: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, string>,
): string[] {
  const lastKnown = keys.findLastIndex((key) => before.has(key));
  return keys.filter((key, index) => {
    const old = before.get(key);
    return old === undefined ? index < lastKnown : old !== now.get(key);
  });
}
