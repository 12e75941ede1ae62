import { infiniteQueryOptions } from "@tanstack/react-query";
import { api, idempotent, newKey, ok } from "@/api/client";
import type { Job, WorkspaceExport, WorkspaceImport, WorkspaceUpload } from "@/api/types";

const PAGE_ROWS = 50;

/** A passphrase in it is held in memory by the box until the file is written. */
export async function askForExport(workspace: string, body: WorkspaceExport): Promise<Job> {
  const params = { path: { workspace } };
  const headers = idempotent(newKey());
  return ok(api.POST("/api/v1/workspaces/{workspace}/exports", { params, body, headers }));
}

/** What opens the file is held in memory by the box, for this job alone. */
export async function startImport(id: string, body: WorkspaceImport): Promise<Job> {
  const params = { path: { id } };
  const headers = idempotent(newKey());
  return ok(api.POST("/api/v1/workspaces/imports/{id}/start", { params, body, headers }));
}

export async function beginUpload(size: number): Promise<WorkspaceUpload> {
  const headers = idempotent(newKey());
  return ok(api.POST("/api/v1/workspaces/imports", { body: { size_bytes: size }, headers }));
}

/** Sends what is still missing of a file, piece by piece; `onSent` hears how far it is. */
export async function sendFile(
  upload: WorkspaceUpload,
  file: Blob,
  onSent: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let sent = upload.received_bytes;
  while (sent < file.size) {
    signal.throwIfAborted();
    const piece = file.slice(sent, sent + upload.piece_size_bytes_max);
    const answer = await ok(
      api.POST("/api/v1/workspaces/imports/{id}/pieces", {
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

export async function discardUpload(id: string): Promise<void> {
  await ok(api.DELETE("/api/v1/workspaces/imports/{id}", { params: { path: { id } } }));
}

/** People of the box that a workspace was brought from. */
export function elsewhereQuery(workspace: string) {
  return infiniteQueryOptions({
    queryKey: ["workspace", workspace, "elsewhere"],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }) => {
      const query = { limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) };
      const params = { path: { workspace }, query };
      return ok(api.GET("/api/v1/workspaces/{workspace}/people-elsewhere", { params }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}
