import { queryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";
import type { ChangeRegistration, Registration } from "@/api/types";

const REGISTRATION = "registration";
/** More wait only when somebody plays a trick; the rest follows when these are dealt with. */
const WAITING_ROWS = 200;

/** Whether people can register here; asked by strangers, too. */
export const offerQuery = queryOptions({
  queryKey: [REGISTRATION, "offer"],
  queryFn: async () => (await ok(api.GET("/api/v1/auth/register"))).is_open,
});

/** True when the link is on its way by mail; an operator has it otherwise. */
export async function register(body: { name: string; email: string }): Promise<boolean> {
  return (await ok(api.POST("/api/v1/auth/register", { body }))).is_mailed;
}

export async function confirm(token: string, password: string): Promise<void> {
  await ok(api.POST("/api/v1/auth/register/confirm", { body: { token, password } }));
}

export const registrationQuery = queryOptions({
  queryKey: [REGISTRATION, "settings"],
  queryFn: async () => ok(api.GET("/api/v1/box/registration")),
});

export async function changeRegistration(body: ChangeRegistration) {
  return ok(api.PATCH("/api/v1/box/registration", { body }));
}

/** Whoever registered and has not opened the link yet. */
export const waitingQuery = queryOptions({
  queryKey: [REGISTRATION, "waiting"],
  refetchOnMount: "always",
  refetchOnWindowFocus: "always",
  queryFn: async () =>
    (await ok(api.GET("/api/v1/box/registrations", { params: { query: { limit: WAITING_ROWS } } })))
      .items,
});

/** The link to pass on; the one before it stops working. */
export async function linkFor(id: string): Promise<Registration> {
  return ok(api.POST("/api/v1/box/registrations/{id}/link", { params: { path: { id } } }));
}

export async function turnDown(id: string): Promise<void> {
  await ok(api.DELETE("/api/v1/box/registrations/{id}", { params: { path: { id } } }));
}
