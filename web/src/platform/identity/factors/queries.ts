import { api, ok } from "@/api/client";

/** Shows again who one is; the answer says until when that counts. */
export async function elevate(by: { password: string }): Promise<string> {
  return (await ok(api.POST("/api/v1/auth/step-up", { body: by }))).elevated_until;
}
