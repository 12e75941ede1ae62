import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, idempotent, newKey, ok } from "@/api/client";
import type { Backup, Job, RecoveryKit } from "@/api/types";
import { isActive } from "../jobs/rules";

const PAGE_ROWS = 50;
/** How often a backup that is being made is looked at. */
const PROGRESS_MS = 1_000;
/** First part of every key here. */
const BACKUP = "backup";
const BACKUP_JOB = "platform.backup";

/** Everything here is out of date after a change. */
export const BACKUP_KEY = [BACKUP];

export const backupsQuery = infiniteQueryOptions({
  queryKey: [BACKUP, "list"],
  initialPageParam: null as string | null,
  queryFn: async ({ pageParam }) => {
    const query = { limit: PAGE_ROWS, ...(pageParam ? { cursor: pageParam } : {}) };
    return ok(api.GET("/api/v1/backups", { params: { query } }));
  },
  getNextPageParam: (page) => page.next_cursor ?? undefined,
});

/** How it stands as a whole: what is wrong, when the next one is made. */
export const stateQuery = queryOptions({
  queryKey: [BACKUP, "state"],
  queryFn: async () => ok(api.GET("/api/v1/backup-state")),
});

/** Says that this box is the living one of two with its identity. */
export async function settleLiving(): Promise<void> {
  await ok(api.POST("/api/v1/backups/living"));
}

export function backupQuery(id: string) {
  return queryOptions({
    queryKey: [BACKUP, "one", id],
    queryFn: async (): Promise<Backup> =>
      ok(api.GET("/api/v1/backups/{id}", { params: { path: { id } } })),
  });
}

/** The newest job that makes a backup; null when there never was one. */
export const backupJobQuery = queryOptions({
  queryKey: [BACKUP, "job"],
  queryFn: async (): Promise<Job | null> => {
    const query = { kind: BACKUP_JOB, limit: 1 };
    return (await ok(api.GET("/api/v1/jobs", { params: { query } }))).items[0] ?? null;
  },
  refetchInterval: ({ state }) => (state.data && isActive(state.data) ? PROGRESS_MS : false),
});

export async function runBackup(): Promise<Job> {
  return ok(api.POST("/api/v1/backups", { headers: idempotent(newKey()) }));
}

/** The kits, and what identifies the box. */
export const kitsQuery = queryOptions({
  queryKey: [BACKUP, "kits"],
  queryFn: async () => ok(api.GET("/api/v1/backup-kits")),
});

/** Only the public half of a kit is sent. */
export async function addKit(name: string, recipient: string, key: string): Promise<RecoveryKit> {
  const body = { name, recipient };
  return ok(api.POST("/api/v1/backup-kits", { body, headers: idempotent(key) }));
}

export async function retireKit(id: string): Promise<void> {
  await ok(api.DELETE("/api/v1/backup-kits/{id}", { params: { path: { id } } }));
}

export async function challengeKit(id: string): Promise<string> {
  const params = { path: { id } };
  return (await ok(api.POST("/api/v1/backup-kits/{id}/challenge", { params }))).challenge;
}

export async function confirmKit(id: string, proof: string): Promise<RecoveryKit> {
  const params = { path: { id } };
  return ok(api.POST("/api/v1/backup-kits/{id}/confirm", { params, body: { proof } }));
}

export const targetsQuery = queryOptions({
  queryKey: [BACKUP, "targets"],
  queryFn: async () => (await ok(api.GET("/api/v1/backup-targets"))).items,
});
