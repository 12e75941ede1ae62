import { infiniteQueryOptions, keepPreviousData } from "@tanstack/react-query";
import { api, idempotent, ifMatch, ok } from "@/api/client";
import type { UserDetails } from "@/api/types";

const PAGE_ROWS = 100;
/** First part of the keys; the box's event stream brings them up to date. */
export const USERS = "users";

export function usersQuery(q: string) {
  return infiniteQueryOptions({
    queryKey: [USERS, q],
    initialPageParam: null as string | null,
    placeholderData: keepPreviousData,
    queryFn: async ({ pageParam }) =>
      ok(
        api.GET("/api/v1/users", {
          params: {
            query: {
              limit: PAGE_ROWS,
              ...(q ? { q } : {}),
              ...(pageParam ? { cursor: pageParam } : {}),
            },
          },
        }),
      ),
    getNextPageParam: (last) => last.next_cursor ?? null,
  });
}

export async function createUser(
  body: { name: string; email: string; is_operator: boolean },
  key: string,
) {
  return ok(api.POST("/api/v1/users", { body, headers: idempotent(key) }));
}

type Change = { readonly [K in "disabled" | "is_operator"]?: boolean } & { readonly name?: string };

export async function changeUser(user: UserDetails, change: Change) {
  return ok(
    api.PATCH("/api/v1/users/{id}", {
      params: { path: { id: user.id }, header: ifMatch(user.version) },
      body: change,
    }),
  );
}

export async function makeResetLink(id: string) {
  return ok(api.POST("/api/v1/users/{id}/reset-link", { params: { path: { id } } }));
}

export async function signOutUser(id: string): Promise<void> {
  await ok(api.POST("/api/v1/users/{id}/sign-out", { params: { path: { id } } }));
}
