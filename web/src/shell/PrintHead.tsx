import { useEffect, useState } from "react";
import type { MyWorkspace } from "@/api/types";
import { useFormat } from "@/i18n";
import classes from "./frame.module.css";

/** On paper only: whose page it is, and from when. */
export function PrintHead({ workspace }: { readonly workspace: MyWorkspace }) {
  const format = useFormat();
  const [at, setAt] = useState(() => new Date().toISOString());
  useEffect(() => {
    const note = () => setAt(new Date().toISOString());
    window.addEventListener("beforeprint", note);
    return () => window.removeEventListener("beforeprint", note);
  }, []);
  return (
    <p className={classes.printHead} aria-hidden>
      <bdi>{workspace.name}</bdi> · {format.dateTime(at)}
    </p>
  );
}
