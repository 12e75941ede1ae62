import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, idempotent, ok } from "@/api/client";
import type { Movement, MovementRequest, TransferRequest } from "@/api/types";

export const MOVEMENT_TYPES = ["receive", "use", "adjust", "transfer"] as const;
export type MovementType = (typeof MOVEMENT_TYPES)[number];

export interface MovementFilter {
  readonly item_id?: string;
  readonly location_id?: string;
  readonly type?: MovementType;
  readonly from?: string;
  readonly to?: string;
}

const MOVEMENTS = "/api/v1/workspaces/{workspace}/inventory/movements";
const PAGE_ROWS = 100;

export function movementsQuery(workspace: string, filter: MovementFilter) {
  return infiniteQueryOptions({
    queryKey: ["inventory", workspace, "movements", "list", filter],
    initialPageParam: null as string | null,
    placeholderData: keepPreviousData,
    queryFn: async ({ pageParam, signal }) => {
      const query = { ...filter, limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) };
      return ok(api.GET(MOVEMENTS, { params: { path: { workspace }, query }, signal }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export function recentMovementsQuery(workspace: string, filter: MovementFilter, limit: number) {
  return queryOptions({
    queryKey: ["inventory", workspace, "movements", "recent", filter, limit],
    queryFn: async () =>
      ok(
        api.GET(MOVEMENTS, {
          params: { path: { workspace }, query: { ...filter, limit } },
        }),
      ),
  });
}

export async function recordMovement(
  workspace: string,
  body: MovementRequest,
  key: string,
): Promise<Movement> {
  return ok(
    api.POST(MOVEMENTS, { params: { path: { workspace } }, body, headers: idempotent(key) }),
  );
}

export async function transferStock(workspace: string, body: TransferRequest, key: string) {
  return ok(
    api.POST("/api/v1/workspaces/{workspace}/inventory/transfers", {
      params: { path: { workspace } },
      body,
      headers: idempotent(key),
    }),
  );
}

export async function reverseMovement(
  workspace: string,
  id: string,
  body: { note?: string; override_reason?: string },
  key: string,
): Promise<Movement> {
  return ok(
    api.POST("/api/v1/workspaces/{workspace}/inventory/movements/{id}/reverse", {
      params: { path: { workspace, id } },
      body,
      headers: idempotent(key),
    }),
  );
}
