import type { Member, Role, RoleName } from "@/api/types";
import { t } from "@/i18n";
import type { CardOption } from "@/ui/form";

/** The built-in ones, from most to least. */
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

/** The roles somebody may give, as cards to choose from. */
export function roleOptions(roles: readonly Role[]): CardOption[] {
  return roles
    .filter((role) => role.may_give)
    .map((role) => ({
      value: role.id,
      label: nameOf(role),
      text: role.is_builtin ? roleMay(role.id) : role.description,
    }));
}

/** What a role is called: the built-in ones in the reader's language. */
export function nameOf(role: Pick<Role, "id" | "name">): string {
  return roleName({ role: role.id, role_name: role.name });
}

/** What a role may, in a sentence; nothing for one that the workspace made. */
export function roleMay(role: string): string {
  const known = ROLES.find((one) => one === role);
  return known ? t(`role.${known}.may`) : "";
}

export function roleName({ role, role_name }: Pick<Member, "role" | "role_name">): string {
  const known = ROLES.find((one) => one === role);
  return known ? t(`role.${known}`) : role_name;
}
