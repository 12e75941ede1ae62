import { queryOptions } from "@tanstack/react-query";
import { api, idempotent, ok } from "@/api/client";
import type { BackupTarget, ChangeBackupTarget, NewBackupTarget, TargetTest } from "@/api/types";
import { BACKUP_KEY } from "../queries";

const ONE = "/api/v1/backup-targets/{id}";
const SIGN_IN = "/api/v1/backup-targets/{id}/sign-in";
const LOOK_MS = 3_000;

export async function createTarget(body: NewBackupTarget, key: string): Promise<BackupTarget> {
  return ok(api.POST("/api/v1/backup-targets", { body, headers: idempotent(key) }));
}

export async function changeTarget(id: string, body: ChangeBackupTarget): Promise<BackupTarget> {
  return ok(api.PATCH(ONE, { params: { path: { id } }, body }));
}

export async function removeTarget(id: string): Promise<void> {
  await ok(api.DELETE(ONE, { params: { path: { id } } }));
}

export async function testTarget(id: string): Promise<TargetTest> {
  return ok(api.POST("/api/v1/backup-targets/{id}/test", { params: { path: { id } } }));
}

/** A new code, each time it is asked for. */
export function signInCodeQuery(id: string) {
  return queryOptions({
    queryKey: [...BACKUP_KEY, "sign-in-code", id],
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
    queryFn: async () => ok(api.POST(SIGN_IN, { params: { path: { id } } })),
  });
}

export function signInStateQuery(id: string) {
  return queryOptions({
    queryKey: [...BACKUP_KEY, "sign-in", id],
    gcTime: 0,
    queryFn: async () => ok(api.GET(SIGN_IN, { params: { path: { id } } })),
    refetchInterval: ({ state: { data } }) => (data?.state === "done" ? false : LOOK_MS),
  });
}
