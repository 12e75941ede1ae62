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

export const versionQuery = queryOptions({
  queryKey: ["version"],
  staleTime: Infinity,
  queryFn: async () => ok(api.GET("/api/v1/version")),
});
