import { queryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";
import type { DoctorFixed } from "@/api/types";

/** Everything here is out of date once something was mended. */
export const DOCTOR_KEY = ["doctor"];

/** What is wrong with the box. It takes seconds, so it is asked for only by hand. */
export const doctorQuery = queryOptions({
  queryKey: DOCTOR_KEY,
  queryFn: async () => ok(api.GET("/api/v1/doctor")),
  staleTime: Infinity,
  refetchOnWindowFocus: false,
});

export async function mend(code: string): Promise<DoctorFixed> {
  return ok(api.POST("/api/v1/doctor/fix", { body: { codes: [code] } }));
}
