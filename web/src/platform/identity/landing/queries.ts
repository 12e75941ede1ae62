import { queryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";

/** What the holder of the link may know. The token travels in a header: no log has it. */
export function invitationQuery(token: string) {
  return queryOptions({
    queryKey: ["invitation", token],
    enabled: token !== "",
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    queryFn: async () =>
      ok(
        api.GET("/api/v1/invitations/inspect", {
          params: { header: { "Invitation-Token": token } },
        }),
      ),
  });
}

export async function accept(body: { token: string; name?: string; password?: string }) {
  return ok(api.POST("/api/v1/invitations/accept", { body }));
}

export function resetQuery(token: string) {
  return queryOptions({
    queryKey: ["reset", token],
    enabled: token !== "",
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    queryFn: async () => ok(api.POST("/api/v1/auth/reset/inspect", { body: { token } })),
  });
}

export async function setPassword(token: string, password: string): Promise<void> {
  await ok(api.POST("/api/v1/auth/reset", { body: { token, password } }));
}
