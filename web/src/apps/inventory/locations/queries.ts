import { queryOptions } from "@tanstack/react-query";
import { api, idempotent, ifMatch, ok } from "@/api/client";
import type { Location, LocationRequest } from "@/api/types";

const LOCATIONS = "/api/v1/workspaces/{workspace}/inventory/locations";
const LOCATION = "/api/v1/workspaces/{workspace}/inventory/locations/{id}";
/** A workspace holds at most 1,000 places; they come in pages of 200. */
const PAGE_ROWS = 200;
const PAGES_MAX = 5;

export function locationsQuery(workspace: string) {
  return queryOptions({
    queryKey: ["inventory", workspace, "locations"],
    queryFn: async ({ signal }) => {
      const all: Location[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < PAGES_MAX; page += 1) {
        const query = { limit: PAGE_ROWS, ...(cursor ? { cursor } : {}) };
        const answer = await ok(
          api.GET(LOCATIONS, { params: { path: { workspace }, query }, signal }),
        );
        all.push(...answer.items);
        if (!answer.next_cursor) break;
        cursor = answer.next_cursor;
      }
      return all;
    },
  });
}

export async function createLocation(
  workspace: string,
  body: LocationRequest,
  key: string,
): Promise<Location> {
  return ok(
    api.POST(LOCATIONS, { params: { path: { workspace } }, body, headers: idempotent(key) }),
  );
}

export async function updateLocation(
  workspace: string,
  location: Location,
  body: LocationRequest,
): Promise<Location> {
  return ok(
    api.PUT(LOCATION, {
      params: { path: { workspace, id: location.id }, header: ifMatch(location.version) },
      body,
    }),
  );
}

export async function deleteLocation(workspace: string, location: Location): Promise<void> {
  await ok(
    api.DELETE(LOCATION, {
      params: { path: { workspace, id: location.id }, header: ifMatch(location.version) },
    }),
  );
}

export async function restoreLocation(workspace: string, id: string): Promise<void> {
  await ok(
    api.POST("/api/v1/workspaces/{workspace}/inventory/locations/{id}/restore", {
      params: { path: { workspace, id } },
    }),
  );
}
