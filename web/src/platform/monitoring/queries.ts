import { queryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";
import { ApiProblem, isRecord } from "@/api/problem";
import type { Health } from "@/api/types";

/** The lamps. A failing box answers 503 with the same body, which is an answer here. */
export const healthQuery = queryOptions({
  queryKey: ["health"],
  staleTime: 0,
  queryFn: async (): Promise<Health> => {
    const { data, error, response } = await api.GET("/health");
    if (data) return data;
    if (isHealth(error)) return error;
    throw new ApiProblem(isRecord(error) ? error : {}, response);
  },
});

function isHealth(body: unknown): body is Health {
  return isRecord(body) && isRecord(body["checks"]) && typeof body["status"] === "string";
}

export const boxQuery = queryOptions({
  queryKey: ["box"],
  queryFn: async () => ok(api.GET("/api/v1/box")),
});

export const TLS_KEY = ["tls"];

/** How certificates stand; a renewal changes it within seconds. */
export const tlsQuery = queryOptions({
  queryKey: TLS_KEY,
  staleTime: 0,
  refetchInterval: 5_000,
  queryFn: async () => ok(api.GET("/api/v1/tls")),
});

export async function renewCertificate() {
  return ok(api.POST("/api/v1/tls/renew"));
}

export const versionQuery = queryOptions({
  queryKey: ["version"],
  staleTime: Infinity,
  queryFn: async () => ok(api.GET("/api/v1/version")),
});
