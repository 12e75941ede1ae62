import { queryOptions } from "@tanstack/react-query";
import { api, idempotent, ok, sendingFile } from "@/api/client";
import type { ItemFile } from "@/api/types";

const ALL = "/api/v1/workspaces/{workspace}/inventory/items/{id}/files";
const ONE = "/api/v1/workspaces/{workspace}/inventory/items/{id}/files/{file}";

export function filesQuery(workspace: string, id: string) {
  return queryOptions({
    queryKey: ["inventory", workspace, "files", id],
    queryFn: async () => (await ok(api.GET(ALL, { params: { path: { workspace, id } } }))).items,
  });
}

/** The same key makes sending it once more harmless. */
export async function addFile(
  workspace: string,
  id: string,
  file: File,
  key: string,
  onSent: (share: number) => void,
): Promise<ItemFile> {
  return ok(
    api.POST(ALL, {
      params: { path: { workspace, id }, query: { name: file.name } },
      headers: { ...idempotent(key), "Content-Type": "application/octet-stream" },
      bodySerializer: (text) => text,
      ...sendingFile(file, onSent),
    }),
  );
}

export async function removeFile(workspace: string, id: string, file: string): Promise<void> {
  await ok(api.DELETE(ONE, { params: { path: { workspace, id, file } } }));
}

/** Where its bytes are. A picture is shown there; anything is saved with `isSaved`. */
export function contentOf(workspace: string, file: ItemFile, isSaved = false): string {
  const path = `/api/v1/workspaces/${workspace}/inventory/items/${file.item_id}/files/${file.id}`;
  return `${path}/content${isSaved ? "?download=true" : ""}`;
}
