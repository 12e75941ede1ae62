import type { RoleName } from "@/api/types";
import { t } from "@/i18n";

/** From most to least. */
export const ROLES: readonly RoleName[] = [
  "owner",
  "admin",
  "manager",
  "counter",
  "analyst",
  "member",
  "viewer",
];
/** What a new person most often is. */
export const USUAL_ROLE: RoleName = "counter";

/** The roles somebody may give; only owners make owners. */
export function rolesToGive(isOwner: boolean): readonly RoleName[] {
  return isOwner ? ROLES : ROLES.filter((role) => role !== "owner");
}

export function roleOptions(isOwner: boolean) {
  return rolesToGive(isOwner).map((value) => ({
    value,
    label: t(`role.${value}`),
    text: t(`role.${value}.may`),
  }));
}

/** What a role may, in a sentence; nothing for one this page does not know. */
export function roleMay(role: string): string {
  const known = ROLES.find((one) => one === role);
  return known ? t(`role.${known}.may`) : "";
}

export function roleName(role: string): string {
  const known = ROLES.find((one) => one === role);
  return known ? t(`role.${known}`) : role;
}
