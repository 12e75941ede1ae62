import type { Member } from "@/api/types";
import { roleMay, roleName } from "./roles";

/** A role and, in a sentence, what it may. */
export function Role({ of }: { readonly of: Pick<Member, "role" | "role_name"> }) {
  return (
    <>
      <div>{roleName(of)}</div>
      <div className="hf-small">{roleMay(of.role)}</div>
    </>
  );
}
