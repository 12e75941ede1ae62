import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";

export interface Found {
  readonly kind: "item" | "location";
  readonly id: string;
  readonly label: string;
  readonly hint: string;
}

const ITEMS_MAX = 6;
const PLACES_MAX = 4;

/** What the palette finds in Inventory. */
export function inventorySearch(workspace: string, text: string) {
  const q = text.trim();
  return queryOptions({
    queryKey: ["inventory", workspace, "search", q],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }): Promise<Found[]> => {
      const path = { workspace };
      const [items, places] = await Promise.all([
        ok(
          api.GET("/api/v1/workspaces/{workspace}/inventory/items", {
            params: { path, query: { q, limit: ITEMS_MAX } },
            signal,
          }),
        ),
        ok(
          api.GET("/api/v1/workspaces/{workspace}/inventory/locations", {
            params: { path, query: { limit: 200 } },
            signal,
          }),
        ),
      ]);
      const plain = q.toLowerCase();
      const near = places.items.filter(
        (one) => !one.deleted_at && `${one.name} ${one.code}`.toLowerCase().includes(plain),
      );
      return [
        ...items.items.map((one): Found => ({
          kind: "item",
          id: one.id,
          label: one.name,
          hint: one.item_number,
        })),
        ...near
          .slice(0, PLACES_MAX)
          .map((one): Found => ({ kind: "location", id: one.id, label: one.name, hint: one.code })),
      ];
    },
  });
}
