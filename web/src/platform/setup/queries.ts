import { queryOptions } from "@tanstack/react-query";
import { api, idempotent, ok } from "@/api/client";
import { ApiProblem } from "@/api/problem";
import type { SetupRequest, SetupState } from "@/api/types";

/** The state of an unclaimed box; null once it belongs to somebody. */
export const setupQuery = queryOptions({
  queryKey: ["setup"],
  staleTime: Infinity,
  queryFn: async (): Promise<SetupState | null> => {
    try {
      return await ok(api.GET("/api/v1/setup"));
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 404) return null;
      throw error;
    }
  },
});

export async function checkToken(token: string): Promise<void> {
  await ok(api.POST("/api/v1/setup/check", { body: { token } }));
}

export async function claimBox(body: SetupRequest, key: string) {
  return ok(api.POST("/api/v1/setup", { body, headers: idempotent(key) }));
}
