import { queryOptions } from "@tanstack/react-query";
import { api, idempotent, newKey, ok } from "@/api/client";
import type { Job, Retention } from "@/api/types";
import { BACKUP_KEY } from "./queries";

export const settingsQuery = queryOptions({
  queryKey: [...BACKUP_KEY, "settings"],
  queryFn: async () => ok(api.GET("/api/v1/backup-settings")),
});

export async function changeRetention(retention: Retention): Promise<void> {
  await ok(api.PATCH("/api/v1/backup-settings", { body: { retention } }));
}

/** Which backups stay and which go, by what is decided now. */
export const planQuery = queryOptions({
  queryKey: [...BACKUP_KEY, "plan"],
  staleTime: 0,
  queryFn: async () => ok(api.GET("/api/v1/backups/plan")),
});

export async function pruneBackups(): Promise<Job> {
  return ok(api.POST("/api/v1/backups/prune", { headers: idempotent(newKey()) }));
}
