import { api, idempotent, newKey, ok } from "@/api/client";
import type { Job } from "@/api/types";

/** Compares what lies at the targets with what was written, byte for byte. */
export async function verifyBackup(id: string): Promise<Job> {
  const params = { path: { id } };
  return ok(api.POST("/api/v1/backups/{id}/verify", { params, headers: idempotent(newKey()) }));
}

/** Opens a backup with a kit; the box holds its key in memory for that alone. */
export async function drillBackup(id: string, identity: string): Promise<Job> {
  const params = { path: { id } };
  const headers = idempotent(newKey());
  return ok(api.POST("/api/v1/backups/{id}/drill", { params, body: { identity }, headers }));
}
