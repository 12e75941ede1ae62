import { useQuery } from "@tanstack/react-query";
import { useFormat } from "@/i18n";
import classes from "./low.module.css";
import { lowCountQuery } from "./queries";

/** How many items are low, beside the entry of the menu; nothing when none is. */
export default function LowBadge({ workspace }: { readonly workspace: string }) {
  const format = useFormat();
  const low = useQuery(lowCountQuery(workspace)).data;
  if (!low || low.count === 0) return null;
  return (
    <span className={classes.badge}>
      {format.integer(low.count)}
      {low.isMore && "+"}
    </span>
  );
}
