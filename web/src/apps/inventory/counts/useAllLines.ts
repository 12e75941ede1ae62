import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Count, CountEntry } from "@/api/types";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { withCounted, withLine } from "./pad";
import { allLinesQuery, countQuery, enterCount, pagesOf, readLine } from "./queries";

/** All lines are read again this long after they were, times the requests that it takes. */
const PAGE_MS = 3_000;
/** And not before what somebody entered here is known here. */
const SETTLE_MS = 5_000;

/**
 * All lines of a count. What is entered here changes its own line alone; what others enter is seen
 * when all are read again, the more seldom the more requests it takes.
 */
export function useAllLines(id: string, count: Count | undefined) {
  const workspace = useWorkspace();
  const all = useQuery(allLinesQuery(workspace.id, id));
  const { data, refetch, errorUpdateCount } = all;
  const isBehind = count !== undefined && data !== undefined && count.version > data.version;
  const dueAtMs = (data?.readAtMs ?? 0) + PAGE_MS * pagesOf(count?.lines ?? 0);
  useEffect(() => {
    if (!isBehind) return;
    const wait = Math.max(SETTLE_MS, dueAtMs - Date.now());
    const timer = setTimeout(() => void refetch(), wait);
    return () => clearTimeout(timer);
    // Where that failed it is tried again.
  }, [isBehind, dueAtMs, errorUpdateCount, refetch]);
  return all;
}

/** Sends an entry, and then brings its line up to date without holding anybody up. */
export function useEntering(id: string) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const { queryKey } = allLinesQuery(workspace.id, id);
  const keepLine = async (entry: CountEntry, version: number | undefined) => {
    const line = await readLine(workspace.id, id, entry);
    const keep = (isRead: boolean) =>
      client.setQueryData(queryKey, (old) => {
        if (!old) return old;
        // An entry is one change of the count; with any other in between, all are read again.
        const isNext = isRead && old.version === version;
        const lines = line ? withLine(old.lines, line) : old.lines;
        return { ...old, version: old.version + (isNext ? 1 : 0), lines };
      });
    // All lines that are being read right now may have been read before the entry.
    const reading = client.getQueryCache().find({ queryKey })?.promise;
    keep(true);
    await reading?.then(() => keep(false));
  };
  return async (entry: CountEntry) => {
    const version = client.getQueryData(queryKey)?.version;
    const entered = await enterCount(workspace.id, id, entry);
    if (entered.code) return entered;
    const { ledger_seq } = entered;
    // What comes up next is counted by somebody who knows what was posted until now.
    client.setQueryData(
      countQuery(workspace.id, id).queryKey,
      (old) => old && { ...old, ledger_seq },
    );
    if (!entry.undoes)
      client.setQueryData(
        queryKey,
        (old) => old && { ...old, lines: withCounted(old.lines, entry) },
      );
    // Where the line cannot be read the count is ahead of the lines, and all are read again.
    keepLine(entry, version).catch(() => undefined);
    return entered;
  };
}
