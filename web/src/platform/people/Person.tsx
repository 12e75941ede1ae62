import type { ReactNode } from "react";
import { Initials } from "@/ui/values";
import classes from "./people.module.css";

/** Initials, name, what sets the person apart, and the address below. */
export function Person({
  id,
  name,
  email,
  tags,
}: {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly tags?: ReactNode;
}) {
  return (
    <span className={classes.person}>
      <Initials name={name} seed={id} />
      <span className={classes.names}>
        <bdi className={classes.name} title={name}>
          {name}
        </bdi>
        {tags}
      </span>
      <span className={classes.email} title={email}>
        {email}
      </span>
    </span>
  );
}
