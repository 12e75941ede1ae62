import type { Member } from "@/api/types";
import { roleMay, roleName } from "./roles";
import classes from "./people.module.css";

/** A role and, in a sentence, what it may. */
export function Role({ of }: { readonly of: Pick<Member, "role" | "role_name"> }) {
  return (
    <>
      <div>{roleName(of)}</div>
      <div className={classes.note}>{roleMay(of.role)}</div>
    </>
  );
}
