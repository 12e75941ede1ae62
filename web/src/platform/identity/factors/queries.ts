import { queryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";

/** What protects the account beside the password. */
export const myFactorsQuery = queryOptions({
  queryKey: ["me", "mfa"],
  queryFn: async () => ok(api.GET("/api/v1/me/mfa")),
});

/** A new secret, each time it is asked for; it counts once a code of it was given. */
export const totpQuery = queryOptions({
  queryKey: ["me", "mfa", "new-totp"],
  staleTime: Infinity,
  gcTime: 0,
  retry: false,
  queryFn: async () => ok(api.POST("/api/v1/me/mfa/totp")),
});

/** Makes the new secret count. */
export async function confirmTotp(code: string): Promise<readonly string[]> {
  const { backup_codes } = await ok(api.POST("/api/v1/me/mfa/totp/confirm", { body: { code } }));
  return backup_codes;
}

export async function removeTotp(): Promise<void> {
  await ok(api.DELETE("/api/v1/me/mfa/totp"));
}

/** Ten new ones; the old ones stop working. */
export async function newBackupCodes(): Promise<readonly string[]> {
  return (await ok(api.POST("/api/v1/me/mfa/backup-codes"))).backup_codes;
}

/** The second step of a sign-in, by a code. */
export async function signInByCode(kind: "totp" | "backup", code: string): Promise<void> {
  if (kind === "totp") await ok(api.POST("/api/v1/auth/mfa/totp", { body: { code } }));
  else await ok(api.POST("/api/v1/auth/mfa/backup", { body: { code } }));
}

/** Asks operators and admins to let the person in without their second factor. */
export async function askForHelp(): Promise<void> {
  await ok(api.POST("/api/v1/auth/mfa/help"));
}

/** Shows again who one is; the answer says until when that counts. */
export async function elevate(by: { code: string } | { password: string }): Promise<string> {
  return (await ok(api.POST("/api/v1/auth/step-up", { body: by }))).elevated_until;
}
