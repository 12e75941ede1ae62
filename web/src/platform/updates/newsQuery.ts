import { queryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";

/** Out of date when the stream tells of an update, and when it was away. */
export const NEWS = "updateNews";

/** What everybody is told: an update that comes or goes on, and what the last one brought. */
export const newsQuery = queryOptions({
  queryKey: [NEWS],
  queryFn: async () => ok(api.GET("/api/v1/platform/updates/news")),
});
