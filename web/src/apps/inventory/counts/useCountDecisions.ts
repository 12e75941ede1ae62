import { useState } from "react";
import type { Count } from "@/api/types";
import type { Decision, Decisions } from "./queries";

const NONE: Decisions = {};

/**
 * What is decided about the lines of a count that was handed in. A decision is about what was
 * found then: with anything that happens to the count (it is given back, counted again, approved)
 * all of them are gone.
 */
export function useCountDecisions({ state, version }: Pick<Count, "state" | "version">) {
  const [kept, setKept] = useState({ version, decisions: NONE });
  const isAbout = (one: typeof kept) => state === "submitted" && one.version === version;
  const decide = (line: string, decision: Decision | null) =>
    setKept((old) => {
      const { [line]: _, ...rest } = isAbout(old) ? old.decisions : NONE;
      return { version, decisions: decision ? { ...rest, [line]: decision } : rest };
    });
  return { decisions: isAbout(kept) ? kept.decisions : NONE, decide };
}
