import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";

/** Everything a person may see here that fits, best first. */
export function searchQuery(workspace: string, text: string, limit: number) {
  const q = text.trim();
  return queryOptions({
    queryKey: ["search", workspace, q, limit],
    enabled: workspace !== "" && q !== "",
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const params = { path: { workspace }, query: { q, limit } };
      return (await ok(api.GET("/api/v1/workspaces/{workspace}/search", { params, signal }))).items;
    },
  });
}
