import type { Member, Role } from "@/api/types";
import { ROLES } from "./roles";

/** Oneself first, then by role from most to least, then by name. */
export function inOrder(members: readonly Member[]): Member[] {
  const rank = (one: Member) => {
    if (one.is_you) return -1;
    const known = ROLES.findIndex((role) => role === one.role);
    return known < 0 ? ROLES.length : known;
  };
  return members.toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
}

/** Every typed word has to begin a word of the name or stand in the address. */
export function matching(members: readonly Member[], typed: string): readonly Member[] {
  const words = plain(typed).split(/\s+/).filter(Boolean);
  if (words.length === 0) return members;
  return members.filter((one) => {
    const name = plain(one.name).split(/\s+/);
    const email = plain(one.email);
    return words.every(
      (word) => name.some((part) => part.startsWith(word)) || email.includes(word),
    );
  });
}

/** Owners who can sign in: the last of them can neither leave nor become less. */
export function isLastOwner(members: readonly Member[], member: Member): boolean {
  const owners = members.filter((one) => one.role === "owner" && !one.is_disabled);
  return owners.length === 1 && owners[0]?.user_id === member.user_id;
}

/** Whether the caller may change or remove the member: nobody touches people above them. */
export function mayTouch(roles: readonly Role[], member: Member): boolean {
  return roles.some((role) => role.id === member.role && role.may_give);
}

function plain(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{Mark}/gu, "")
    .toLowerCase();
}
