import { queryOptions } from "@tanstack/react-query";
import { api, idempotent, ifMatch, ok } from "@/api/client";
import type { SavedFilter, SavedFilterRequest } from "@/api/types";

const FILTERS = "/api/v1/workspaces/{workspace}/inventory/saved-filters";
const FILTER = "/api/v1/workspaces/{workspace}/inventory/saved-filters/{id}";

export function savedFiltersQuery(workspace: string) {
  return queryOptions({
    queryKey: ["inventory", workspace, "saved-filters"],
    queryFn: async ({ signal }) =>
      (await ok(api.GET(FILTERS, { params: { path: { workspace } }, signal }))).items,
  });
}

export async function saveFilter(
  workspace: string,
  body: SavedFilterRequest,
  key: string,
): Promise<SavedFilter> {
  return ok(api.POST(FILTERS, { params: { path: { workspace } }, body, headers: idempotent(key) }));
}

export async function changeSavedFilter(
  workspace: string,
  filter: SavedFilter,
  body: SavedFilterRequest,
): Promise<SavedFilter> {
  const params = { path: { workspace, id: filter.id }, header: ifMatch(filter.version) };
  return ok(api.PUT(FILTER, { params, body }));
}

export async function deleteSavedFilter(workspace: string, filter: SavedFilter): Promise<void> {
  const params = { path: { workspace, id: filter.id }, header: ifMatch(filter.version) };
  await ok(api.DELETE(FILTER, { params }));
}
