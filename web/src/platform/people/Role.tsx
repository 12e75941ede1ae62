import { roleMay, roleName } from "./roles";
import classes from "./people.module.css";

/** A role and, in a sentence, what it may. */
export function Role({ role }: { readonly role: string }) {
  return (
    <>
      <div>{roleName(role)}</div>
      <div className={classes.note}>{roleMay(role)}</div>
    </>
  );
}
