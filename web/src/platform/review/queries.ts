import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, idempotent, ok } from "@/api/client";
import type { SecurityReview } from "@/api/types";

const PAGE_ROWS = 20;
const REVIEW = "security-review";

/** Everything here is out of date after a review was kept. */
export const REVIEW_KEY = [REVIEW];

/** How the security of the box is now. */
export const lookQuery = queryOptions({
  queryKey: [REVIEW, "now"],
  queryFn: async () => ok(api.GET("/api/v1/security-review")),
  // Each look is written down: not every time the window is looked at again.
  refetchOnWindowFocus: false,
});

/** Reviews that were kept, the newest first. */
export const reviewsQuery = infiniteQueryOptions({
  queryKey: [REVIEW, "kept"],
  initialPageParam: null as string | null,
  queryFn: async ({ pageParam }) => {
    const query = { limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) };
    return ok(api.GET("/api/v1/security-reviews", { params: { query } }));
  },
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});

export async function keepReview(note: string, key: string): Promise<SecurityReview> {
  return ok(api.POST("/api/v1/security-reviews", { body: { note }, headers: idempotent(key) }));
}
