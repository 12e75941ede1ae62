import { describe, expect, it } from "vitest";
import type { Member } from "@/api/types";
import { inOrder, isLastOwner, matching, mayTouch } from "./members";
import { rolesToGive } from "./roles";

function member(name: string, role: Member["role"], more: Partial<Member> = {}): Member {
  return {
    user_id: name,
    name,
    email: `${name.toLowerCase().split(" ")[0] ?? ""}@harbour.example`,
    role,
    version: 1,
    joined_at: "2026-03-31T08:00:00Z",
    last_seen_at: null,
    is_you: false,
    is_disabled: false,
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

  it("always keep an owner who can sign in", () => {
    const disabled = member("Eve Rossi", "owner", { is_disabled: true });
    expect(isLastOwner([ana, ben, disabled], ana)).toBe(true);
    expect(isLastOwner([ana, member("Eve Rossi", "owner")], ana)).toBe(false);
    expect(isLastOwner([ana, ben], ben)).toBe(false);
  });

  it("are touched by nobody below them", () => {
    expect(mayTouch(false, ana)).toBe(false);
    expect(mayTouch(false, cleo)).toBe(true);
    expect(mayTouch(true, ana)).toBe(true);
    expect(rolesToGive(false)).not.toContain("owner");
    expect(rolesToGive(true)[0]).toBe("owner");
  });
});
