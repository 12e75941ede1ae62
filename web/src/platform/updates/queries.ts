import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, idempotent, newKey, ok } from "@/api/client";
import type {
  ApplyUpdate,
  Job,
  UpdateOffer,
  UpdatePlan,
  UpdatesStatus,
  UpdateUpload,
} from "@/api/types";

const PAGE_ROWS = 20;
/** How often it is asked again while an update goes on, and while the box does not answer. */
const BUSY_MS = 1_000;
const IDLE_MS = 60_000;

/** Everything here is out of date after something was done about updates. */
export const UPDATES_KEY = ["updates"];

/** How updates stand. It is asked again until the box answers: it may be changing its release. */
export const statusQuery = queryOptions({
  queryKey: [...UPDATES_KEY, "status"],
  queryFn: async () => ok(api.GET("/api/v1/platform/updates/status")),
  refetchInterval: (query) =>
    query.state.status === "error" || query.state.data?.under_way ? BUSY_MS : IDLE_MS,
});

/** What was tried, the newest first. */
export const historyQuery = infiniteQueryOptions({
  queryKey: [...UPDATES_KEY, "history"],
  initialPageParam: null as string | null,
  queryFn: async ({ pageParam }) => {
    const query = { limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) };
    return ok(api.GET("/api/v1/platform/updates/history", { params: { query } }));
  },
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});

/** The plan that waits, with a digest of its own each time: it is taken for ten minutes. */
export const planQuery = queryOptions({
  queryKey: [...UPDATES_KEY, "plan"],
  queryFn: async () => ok(api.GET("/api/v1/platform/updates/plan")),
  staleTime: Infinity,
  gcTime: 0,
});

/** Asks the feed what there is. */
export async function checkFeed(): Promise<UpdatesStatus> {
  return ok(api.POST("/api/v1/platform/updates/check"));
}

/**
 * Has the offered release fetched and rehearsed, from where it was offered; nothing changes by
 * that. One that was taken past its time is taken so again.
 */
export async function prepareUpdate(offer: UpdateOffer): Promise<Job> {
  return apply({ from_bundle: offer.is_bundled, accept_stale: offer.is_stale });
}

/** Carries out the plan with this digest. */
export async function confirmUpdate(digest: string): Promise<Job> {
  return apply({ digest });
}

async function apply(body: ApplyUpdate): Promise<Job> {
  const headers = idempotent(newKey());
  return ok(api.POST("/api/v1/platform/updates/apply", { body, headers }));
}

/** What going back would do. */
export async function planRollback(): Promise<UpdatePlan> {
  const answer = await ok(api.POST("/api/v1/platform/updates/rollback", { body: {} }));
  if (!("digest" in answer)) throw new Error("the box answered with a job");
  return answer;
}

/** Goes back as the plan with this digest says. */
export async function confirmRollback(digest: string): Promise<void> {
  const headers = idempotent(newKey());
  await ok(api.POST("/api/v1/platform/updates/rollback", { body: { digest }, headers }));
}

export async function beginUpload(size: number): Promise<UpdateUpload> {
  const headers = idempotent(newKey());
  const body = { size_bytes: size };
  return ok(api.POST("/api/v1/platform/updates/upload", { body, headers }));
}

/** Sends what is still missing of a bundle, piece by piece; `onSent` hears how far it is. */
export async function sendBundle(
  upload: UpdateUpload,
  file: Blob,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let sent = upload.received_bytes;
  while (sent < file.size) {
    signal.throwIfAborted();
    const piece = file.slice(sent, sent + upload.piece_size_bytes_max);
    const answer = await ok(
      api.POST("/api/v1/platform/updates/upload/{id}/pieces", {
        params: { path: { id: upload.id }, query: { offset: sent } },
        // Sent as it is, whatever the description calls a body of bytes.
        body: [],
        bodySerializer: () => piece,
        headers: { "Content-Type": "application/octet-stream" },
        signal,
      }),
    );
    sent = answer.received_bytes;
    onSent(sent);
  }
}

/** Has the bundle checked; what is good in it is offered then. */
export async function takeBundle(id: string, acceptStale: boolean): Promise<Job> {
  const params = { path: { id } };
  const body = { accept_stale: acceptStale };
  const headers = idempotent(newKey());
  return ok(api.POST("/api/v1/platform/updates/upload/{id}/take", { params, body, headers }));
}
