import { queryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";
import { choosePasskey, makePasskey } from "./webauthn";

/** What protects the account beside the password. */
export const myFactorsQuery = queryOptions({
  queryKey: ["me", "mfa"],
  queryFn: async () => ok(api.GET("/api/v1/me/mfa")),
});

/** A new secret, each time it is asked for; it counts once a code of it was given. */
export const totpQuery = queryOptions({
  queryKey: ["me", "mfa", "new-totp"],
  // Asked again it would be another secret, while the phone already holds this one.
  staleTime: "static",
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

/** The backup codes that a first factor brings, or why the device made nothing. */
export async function addPasskey(
  name: string,
  key: string,
): Promise<readonly string[] | "closed" | "known"> {
  const { options } = await ok(api.POST("/api/v1/me/mfa/passkeys/start"));
  const answer = await makePasskey(options);
  if (answer.kind !== "answered") return answer.kind;
  const made = await ok(
    api.POST("/api/v1/me/mfa/passkeys", {
      body: { name, credential: answer.credential },
      headers: { "Idempotency-Key": key },
    }),
  );
  return made.backup_codes ?? [];
}

export async function renamePasskey(id: string, name: string): Promise<void> {
  await ok(api.PATCH("/api/v1/me/mfa/passkeys/{id}", { params: { path: { id } }, body: { name } }));
}

export async function removePasskey(id: string): Promise<void> {
  await ok(api.DELETE("/api/v1/me/mfa/passkeys/{id}", { params: { path: { id } } }));
}

/** The second step of a sign-in, by a code. */
export async function signInByCode(kind: "totp" | "backup", code: string): Promise<void> {
  if (kind === "totp") await ok(api.POST("/api/v1/auth/mfa/totp", { body: { code } }));
  else await ok(api.POST("/api/v1/auth/mfa/backup", { body: { code } }));
}

/** The second step by a passkey; false when the device gave none. */
export async function signInByPasskey(): Promise<boolean> {
  const { options } = await ok(api.POST("/api/v1/auth/mfa/passkey/start"));
  const answer = await choosePasskey(options);
  if (answer.kind !== "answered") return false;
  await ok(api.POST("/api/v1/auth/mfa/passkey", { body: { credential: answer.credential } }));
  return true;
}

/** Asks operators and admins to let the person in without their second factor. */
export async function askForHelp(): Promise<void> {
  await ok(api.POST("/api/v1/auth/mfa/help"));
}

/** Shows again who one is; the answer says until when that counts. */
export async function elevate(by: { code: string } | { password: string }): Promise<string> {
  return (await ok(api.POST("/api/v1/auth/step-up", { body: by }))).elevated_until;
}

/** Like `elevate`, by a passkey; null when the device gave none. */
export async function elevateByPasskey(): Promise<string | null> {
  const { options } = await ok(api.POST("/api/v1/auth/step-up/passkey/start"));
  const answer = await choosePasskey(options);
  if (answer.kind !== "answered") return null;
  const body = { credential: answer.credential };
  return (await ok(api.POST("/api/v1/auth/step-up", { body }))).elevated_until;
}
