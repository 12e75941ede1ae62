import { describe, expect, it } from "vitest";
import type { Member, Role } from "@/api/types";
import { inOrder, isLastOwner, matching, mayTouch } from "./members";
import { nameOf, roleName, roleOptions } from "./roles";

function member(name: string, role: Member["role"], more: Partial<Member> = {}): Member {
  return {
    user_id: name,
    name,
    email: `${name.toLowerCase().split(" ")[0] ?? ""}@harbour.example`,
    role,
    role_name: role,
    version: 1,
    joined_at: "2026-03-31T08:00:00Z",
    last_seen_at: null,
    is_you: false,
    is_disabled: false,
    ...more,
  };
}

function role(id: string, more: Partial<Role> = {}): Role {
  return {
    id,
    name: id,
    description: "",
    permissions: [],
    is_builtin: true,
    members: 0,
    needs_factor: false,
    may_give: true,
    version: 1,
    ...more,
  };
}

const ana = member("Ana Kovač", "owner");
const ben = member("Ben Okafor", "counter", { is_you: true });
const cleo = member("Cleo Ortiz", "admin");
const dana = member("Dana Ábel", "counter");

describe("members", () => {
  it("stand with oneself first, then by role and name", () => {
    const names = inOrder([dana, cleo, ben, ana]).map((one) => one.name);
    expect(names).toEqual(["Ben Okafor", "Ana Kovač", "Cleo Ortiz", "Dana Ábel"]);
  });

  it("are found by the beginnings of names, without accents, and by address", () => {
    expect(matching([ana, ben, dana], "kov")).toEqual([ana]);
    expect(matching([ana, ben, dana], "abel dana")).toEqual([dana]);
    expect(matching([ana, ben, dana], "ben@")).toEqual([ben]);
    expect(matching([ana, ben, dana], "ovac")).toEqual([]);
    expect(matching([ana, ben], " ")).toEqual([ana, ben]);
  });

  it("have roles that the workspace made after the built-in ones", () => {
    const eve = member("Eve Rossi", "0193-f2", { role_name: "Night shift" });
    expect(inOrder([eve, dana, ana]).map((one) => one.name)).toEqual([
      "Ana Kovač",
      "Dana Ábel",
      "Eve Rossi",
    ]);
    expect(roleName(eve)).toBe("Night shift");
    expect(roleName(dana)).toBe("Counter");
    const own = role("0193-f2", { name: "Night shift", is_builtin: false, description: "Late" });
    expect(nameOf(own)).toBe("Night shift");
    expect(roleOptions([own])).toEqual([{ value: "0193-f2", label: "Night shift", text: "Late" }]);
  });

  it("always keep an owner who can sign in", () => {
    const disabled = member("Eve Rossi", "owner", { is_disabled: true });
    expect(isLastOwner([ana, ben, disabled], ana)).toBe(true);
    expect(isLastOwner([ana, member("Eve Rossi", "owner")], ana)).toBe(false);
    expect(isLastOwner([ana, ben], ben)).toBe(false);
  });

  it("are touched by nobody below them", () => {
    const asAdmin = [role("owner", { may_give: false }), role("admin"), role("counter")];
    expect(mayTouch(asAdmin, ana)).toBe(false);
    expect(mayTouch(asAdmin, cleo)).toBe(true);
    expect(roleOptions(asAdmin).map((one) => one.value)).toEqual(["admin", "counter"]);
  });
});
