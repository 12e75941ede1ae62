import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, idempotent, ifMatch, ok } from "@/api/client";
import type { Count, CountEntry, CountLine, CountSettings, NewCount } from "@/api/types";
import { costlyKey } from "@/platform/live/costly";
import { PAGE_ROWS_MAX, readPages } from "../pages";
import type { CountFilter, LineFilter } from "./states";

export const DECISIONS = ["keep_delta", "count_now", "recount", "reject"] as const;
export type Decision = (typeof DECISIONS)[number];
/** What is decided, by line. */
export type Decisions = Readonly<Record<string, Decision>>;

const COUNTS = "/api/v1/workspaces/{workspace}/inventory/counts";
const COUNT = `${COUNTS}/{id}` as const;
const LINES = `${COUNT}/lines` as const;
const SETTINGS = "/api/v1/workspaces/{workspace}/inventory/count-settings";
const PAGE_ROWS = 50;
/** A count has at most 10,000 lines. */
const LINE_PAGES_MAX = 50;
/** More counts than that are not told apart on the first screen. */
const WAITING_PAGES_MAX = 5;

export function countsQuery(workspace: string, filter: CountFilter) {
  return infiniteQueryOptions({
    queryKey: ["inventory", workspace, "counts", "list", filter],
    initialPageParam: null as string | null,
    placeholderData: keepPreviousData,
    queryFn: async ({ pageParam, signal }) => {
      const query = { ...filter, limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) };
      return ok(api.GET(COUNTS, { params: { path: { workspace }, query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** The counts that wait for a decision. */
export function waitingCountsQuery(workspace: string) {
  return queryOptions({
    queryKey: ["inventory", workspace, "counts", "waiting"],
    queryFn: ({ signal }) =>
      readPages(WAITING_PAGES_MAX, async (page) => {
        const query = { ...page, state: "submitted" };
        return ok(api.GET(COUNTS, { params: { path: { workspace }, query }, signal }));
      }),
  });
}

export function countQuery(workspace: string, id: string) {
  return queryOptions({
    queryKey: ["inventory", workspace, "counts", "one", id],
    queryFn: async ({ signal }) =>
      ok(api.GET(COUNT, { params: { path: { workspace, id } }, signal })),
  });
}

/** The lines that are shown in one state, what wants a decision first. */
export function linesQuery(workspace: string, id: string, filter: LineFilter) {
  return infiniteQueryOptions({
    queryKey: ["inventory", workspace, "counts", "lines", id, filter],
    initialPageParam: null as string | null,
    placeholderData: keepPreviousData,
    queryFn: async ({ pageParam, signal }) => {
      const query = {
        order: "variance",
        limit: PAGE_ROWS_MAX,
        ...(filter.show ? { state: filter.show } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      };
      return ok(api.GET(LINES, { params: { path: { workspace, id }, query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** All lines of a count, and the version of the count that they tell of at least. */
export interface AllLines {
  readonly version: number;
  /** When all of them were read, in milliseconds; single ones may be newer. */
  readonly readAtMs: number;
  readonly lines: readonly CountLine[];
}

/** Requests for all lines of a count; a page is one. */
export function pagesOf(lines: number): number {
  return Math.max(1, Math.ceil(lines / PAGE_ROWS_MAX));
}

/** All lines of a count, by place and number. They take many requests: `useAllLines` reads them. */
export function allLinesQuery(workspace: string, id: string) {
  return queryOptions({
    queryKey: costlyKey("inventory", workspace, "counts", "all", id),
    staleTime: Infinity,
    queryFn: async ({ signal }): Promise<AllLines> => {
      const path = { workspace, id };
      // Before the lines: what happens while they are read is newer than this version.
      const { version } = await ok(api.GET(COUNT, { params: { path }, signal }));
      const { rows: lines } = await readPages(LINE_PAGES_MAX, async (query) =>
        ok(api.GET(LINES, { params: { path, query }, signal })),
      );
      return { version, readAtMs: Date.now(), lines };
    },
  });
}

/** The line of one item at one place, if the count has it. */
export async function readLine(
  workspace: string,
  id: string,
  { item_id, location_id }: Pick<CountEntry, "item_id" | "location_id">,
): Promise<CountLine | null> {
  const query = { item_id, location_id, limit: 1 };
  const page = await ok(api.GET(LINES, { params: { path: { workspace, id }, query } }));
  return page.items[0] ?? null;
}

const ENTRY_ROWS = 50;

/** What people entered for a line, newest first. */
export function lineEntriesQuery(workspace: string, id: string, line: CountLine) {
  const query = { item_id: line.item_id, location_id: line.location_id, limit: ENTRY_ROWS };
  return queryOptions({
    queryKey: ["inventory", workspace, "counts", "entries", id, line.id],
    queryFn: async ({ signal }) =>
      (
        await ok(
          api.GET(`${COUNT}/entries`, { params: { path: { workspace, id }, query }, signal }),
        )
      ).items,
  });
}

export async function createCount(workspace: string, body: NewCount, key: string): Promise<Count> {
  return ok(api.POST(COUNTS, { params: { path: { workspace } }, body, headers: idempotent(key) }));
}

/** What the box said to an entry. */
interface Entered {
  /** Why it was refused, if it was. */
  readonly code: string | null;
  readonly detail: string;
  /** The ledger's last entry by then. */
  readonly ledger_seq: number;
}

/** Sends one entry. A lost answer is asked for once more: the same operation counts once. */
export async function enterCount(
  workspace: string,
  id: string,
  entry: CountEntry,
): Promise<Entered> {
  const send = async () =>
    ok(
      api.POST(`${COUNT}/entries`, {
        params: { path: { workspace, id } },
        body: { entries: [entry] },
      }),
    );
  const answer = await send().catch(async (error: unknown) => {
    if (!isLost(error)) throw error;
    return send();
  });
  const told = answer.entries[0];
  return { code: told?.code ?? null, detail: told?.detail ?? "", ledger_seq: answer.ledger_seq };
}

function isLost(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "network";
}

export async function submitCount(workspace: string, id: string): Promise<Count> {
  return ok(api.POST(`${COUNT}/submit`, { params: { path: { workspace, id } } }));
}

export async function cancelCount(workspace: string, id: string): Promise<Count> {
  return ok(api.POST(`${COUNT}/cancel`, { params: { path: { workspace, id } } }));
}

export async function rejectCount(workspace: string, id: string, reason: string): Promise<Count> {
  return ok(api.POST(`${COUNT}/reject`, { params: { path: { workspace, id } }, body: { reason } }));
}

export async function approveCount(
  workspace: string,
  count: Count,
  decisions: Decisions,
): Promise<Count> {
  const all = Object.entries(decisions).map(([line_id, decision]) => ({ line_id, decision }));
  return ok(
    api.POST(`${COUNT}/approve`, {
      params: { path: { workspace, id: count.id } },
      body: { version: count.version, decisions: all },
    }),
  );
}

export function countSettingsQuery(workspace: string) {
  return queryOptions({
    queryKey: ["inventory", workspace, "counts", "settings"],
    queryFn: async ({ signal }) =>
      ok(api.GET(SETTINGS, { params: { path: { workspace } }, signal })),
  });
}

export async function changeCountSettings(
  workspace: string,
  version: number,
  body: { second_count_percent: number | null; second_count_value?: string | null },
): Promise<CountSettings> {
  return ok(api.PUT(SETTINGS, { params: { path: { workspace }, header: ifMatch(version) }, body }));
}
