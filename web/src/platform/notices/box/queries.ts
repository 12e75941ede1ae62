import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, idempotent, ok } from "@/api/client";
import type {
  ChangeWebhook,
  LastAttempt,
  NewWebhook,
  Parcel,
  SmtpRequest,
  Webhook,
} from "@/api/types";

export const OUTBOX_STATES = ["waiting", "sent", "failed"] as const;
export type OutboxState = (typeof OUTBOX_STATES)[number];

const PAGE_ROWS = 50;
const LOOK_MS = 3_000;
const SOON_MS = 10_000;
/** First part of every key here. */
const DELIVERY = "box-delivery";

/** The mail server, as far as one may see it. */
export const mailQuery = queryOptions({
  queryKey: [DELIVERY, "mail"],
  queryFn: async () => ok(api.GET("/api/v1/box/notify")),
});

/** Null for no mail at all. */
export async function changeMail(smtp: SmtpRequest | null) {
  return ok(api.PATCH("/api/v1/box/notify", { body: { smtp } }));
}

export async function testMail(to: string): Promise<LastAttempt> {
  return ok(api.POST("/api/v1/box/notify/test", { body: { to } }));
}

export const webhooksQuery = queryOptions({
  queryKey: [DELIVERY, "webhooks"],
  queryFn: async () => (await ok(api.GET("/api/v1/box/webhooks"))).items,
});

export async function createWebhook(body: NewWebhook, key: string): Promise<Webhook> {
  return ok(api.POST("/api/v1/box/webhooks", { body, headers: idempotent(key) }));
}

export async function changeWebhook(id: string, body: ChangeWebhook): Promise<Webhook> {
  return ok(api.PATCH("/api/v1/box/webhooks/{id}", { params: { path: { id } }, body }));
}

export async function removeWebhook(id: string): Promise<void> {
  await ok(api.DELETE("/api/v1/box/webhooks/{id}", { params: { path: { id } } }));
}

export async function testWebhook(id: string): Promise<LastAttempt> {
  return ok(api.POST("/api/v1/box/webhooks/{id}/test", { params: { path: { id } } }));
}

/** What has to leave the box and what has left it, newest first. */
export function outboxQuery(state: OutboxState | undefined) {
  return infiniteQueryOptions({
    queryKey: [DELIVERY, "outbox", state ?? "all"],
    refetchOnMount: "always",
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam }) => {
      const query = {
        limit: PAGE_ROWS,
        ...(state ? { state } : {}),
        ...(pageParam ? { cursor: pageParam } : {}),
      };
      return ok(api.GET("/api/v1/box/outbox", { params: { query } }));
    },
    getNextPageParam: (page) => page.next_cursor ?? null,
    // No event tells that something was sent: look again while it must be happening.
    refetchInterval: ({ state: { data } }) =>
      data?.pages.some((page) => page.items.some(isUnderWay)) ? LOOK_MS : false,
  });
}

function isUnderWay({ state, next_at: next }: Parcel): boolean {
  if (state !== "waiting" || !next) return false;
  return Math.abs(Date.parse(next) - Date.now()) < SOON_MS;
}

export async function sendAgain(id: string): Promise<void> {
  await ok(api.POST("/api/v1/box/outbox/{id}/retry", { params: { path: { id } } }));
}

/** Everything here is out of date after a change. */
export const DELIVERY_KEY = [DELIVERY];
