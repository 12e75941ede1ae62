import {
  queryOptions,
  useMutation,
  useQueryClient,
  useSuspenseQuery,
  type QueryClient,
} from "@tanstack/react-query";
import { api, ifMatch, idempotent, ok } from "@/api/client";
import { ApiProblem, isRecord } from "@/api/problem";
import { leave, setSessionKnown } from "@/api/session";
import { methodsOf, type FactorMethod } from "@/api/stepUp";
import type { Me, TokenRequest } from "@/api/types";

/** More than anybody has; the box allows no more rows at once. */
const LIST_MAX = 200;

/** Who is signed in here; null when nobody is. */
export const meQuery = queryOptions({
  queryKey: ["me"],
  staleTime: Infinity,
  queryFn: async (): Promise<Me | null> => {
    try {
      const me = await ok(api.GET("/api/v1/me"));
      setSessionKnown(true);
      return me;
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 401) return null;
      throw error;
    }
  },
});

/** The signed-in person; only for screens inside the frame, which nobody else reaches. */
export function useMe(): Me {
  const { data } = useSuspenseQuery(meQuery);
  if (!data) throw new Error("The frame was shown to nobody.");
  return data;
}

/** What is asked for after the password. */
export interface SecondFactor {
  readonly methods: readonly FactorMethod[];
  /** Where a passkey of theirs works, if they have one. */
  readonly passkeysOrigin: string | null;
}

/** Null when that was all; otherwise what the second step may be done with. */
export async function signIn(email: string, password: string): Promise<SecondFactor | null> {
  const answer: unknown = await ok(api.POST("/api/v1/auth/login", { body: { email, password } }));
  if (!isRecord(answer) || answer["mfa_required"] !== true) return null;
  const origin = answer["passkeys_origin"];
  return {
    methods: methodsOf(answer["methods"]),
    passkeysOrigin: typeof origin === "string" ? origin : null,
  };
}

/** Ends the session here and starts the page afresh, so that nothing of it stays in memory. */
export async function signOut(): Promise<void> {
  await leave(() => ok(api.POST("/api/v1/auth/logout")));
}

/** Ends the session here and stays on the page, for somebody else to go on. */
export async function signOutHere(client: QueryClient): Promise<void> {
  await ok(api.POST("/api/v1/auth/logout"));
  setSessionKnown(false);
  client.removeQueries({ type: "inactive" });
  client.setQueryData(meQuery.queryKey, null);
}

export function useUpdateMe() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: async ({
      me,
      change,
    }: {
      me: Me;
      change: { name?: string; language?: string; theme?: Me["theme"] };
    }) => ok(api.PATCH("/api/v1/me", { params: { header: ifMatch(me.version) }, body: change })),
    onSuccess: (me) => client.setQueryData(meQuery.queryKey, me),
    onError: () => client.invalidateQueries({ queryKey: meQuery.queryKey }),
  });
}

export async function changePassword(current: string, next: string): Promise<void> {
  await ok(api.PUT("/api/v1/me/password", { body: { current, new: next } }));
}

export const sessionsQuery = queryOptions({
  queryKey: ["me", "sessions"],
  queryFn: async () =>
    ok(api.GET("/api/v1/me/sessions", { params: { query: { limit: LIST_MAX } } })),
});

export async function endSession(id: string): Promise<void> {
  await ok(api.DELETE("/api/v1/me/sessions/{id}", { params: { path: { id } } }));
}

export async function endOtherSessions(): Promise<void> {
  await ok(api.DELETE("/api/v1/me/sessions"));
}

export const tokensQuery = queryOptions({
  queryKey: ["me", "tokens"],
  queryFn: async () => ok(api.GET("/api/v1/me/tokens", { params: { query: { limit: LIST_MAX } } })),
});

export async function createToken(body: TokenRequest, key: string) {
  return ok(api.POST("/api/v1/me/tokens", { body, headers: idempotent(key) }));
}

export async function deleteToken(id: string): Promise<void> {
  await ok(api.DELETE("/api/v1/me/tokens/{id}", { params: { path: { id } } }));
}
