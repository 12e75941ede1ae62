import { queryOptions } from "@tanstack/react-query";
import { api, idempotent, ok, sendingFile } from "@/api/client";
import type { ItemFile, OrderFile } from "@/api/types";
import type { About } from "../about";

export type AnyFile = ItemFile | OrderFile;

const OF_ITEM = "/api/v1/workspaces/{workspace}/inventory/items/{id}/files";
const OF_ORDER = "/api/v1/workspaces/{workspace}/inventory/purchase-orders/{id}/files";
const ONE_OF_ITEM = `${OF_ITEM}/{file}` as const;
const ONE_OF_ORDER = `${OF_ORDER}/{file}` as const;

/** In the order they came. What the event stream tells brings them up to date. */
export function filesQuery(workspace: string, about: About) {
  return queryOptions({
    queryKey: ["inventory", workspace, "files", about.kind, about.id],
    queryFn: async (): Promise<readonly AnyFile[]> => {
      const sent = { params: { path: { workspace, id: about.id } } };
      return about.kind === "item"
        ? (await ok(api.GET(OF_ITEM, sent))).items
        : (await ok(api.GET(OF_ORDER, sent))).items;
    },
  });
}

/** The same key makes sending it once more harmless. */
export async function addFile(
  workspace: string,
  about: About,
  file: File,
  key: string,
  onSent: (share: number) => void,
): Promise<void> {
  const sent = {
    params: { path: { workspace, id: about.id }, query: { name: file.name } },
    headers: { ...idempotent(key), "Content-Type": "application/octet-stream" },
    bodySerializer: (text: string) => text,
    ...sendingFile(file, onSent),
  };
  if (about.kind === "item") await ok(api.POST(OF_ITEM, sent));
  else await ok(api.POST(OF_ORDER, sent));
}

export async function removeFile(workspace: string, about: About, file: string): Promise<void> {
  const sent = { params: { path: { workspace, id: about.id, file } } };
  await ok(about.kind === "item" ? api.DELETE(ONE_OF_ITEM, sent) : api.DELETE(ONE_OF_ORDER, sent));
}

/** Where its bytes are. A picture is shown there; anything is saved with `isSaved`. */
export function contentOf(workspace: string, file: AnyFile, isSaved = false): string {
  return `${at(workspace, file)}/content${isSaved ? "?download=true" : ""}`;
}

/** Where a picture is as small as the box has it. */
export function smallOf(workspace: string, file: AnyFile): string {
  return file.has_thumbnail ? `${at(workspace, file)}/thumbnail` : contentOf(workspace, file);
}

function at(workspace: string, file: AnyFile): string {
  const of = "item_id" in file ? `items/${file.item_id}` : `purchase-orders/${file.order_id}`;
  return `/api/v1/workspaces/${workspace}/inventory/${of}/files/${file.id}`;
}
