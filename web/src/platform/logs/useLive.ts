import { useEffect, useState } from "react";
import type { LogLine } from "@/api/types";
import { newerThan, type LogFilter } from "./queries";

const ASKED_EVERY_MS = 2_000;
const KEPT_MAX = 2_000;

interface Live {
  readonly lines: readonly LogLine[];
  readonly error: unknown;
}

const NOTHING: Live = { lines: [], error: null };

/** Lines that came since the page was read, as long as somebody wants to see them come. */
export function useLive(filter: LogFilter, newest: number | null, isOn: boolean): Live {
  const [live, setLive] = useState(NOTHING);
  const scope = JSON.stringify(filter);
  useEffect(() => setLive(NOTHING), [scope, newest]);
  useEffect(() => {
    if (!isOn || newest === null) return;
    const wanted = JSON.parse(scope) as LogFilter;
    let after = newest;
    let isOver = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async () => {
      try {
        const came = document.hidden ? [] : await newerThan(wanted, after);
        if (isOver) return;
        after = came[0]?.number ?? after;
        setLive(({ lines }) => ({
          lines: came.length > 0 ? [...came, ...lines].slice(0, KEPT_MAX) : lines,
          error: null,
        }));
      } catch (error) {
        if (!isOver) setLive(({ lines }) => ({ lines, error }));
      }
      if (!isOver) timer = setTimeout(() => void look(), ASKED_EVERY_MS);
    };
    timer = setTimeout(() => void look(), ASKED_EVERY_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [isOn, newest, scope]);
  return live;
}
