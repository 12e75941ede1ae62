import { useQuery } from "@tanstack/react-query";
import { t, tDynamic, useFormat } from "@/i18n";
import { SkeletonLines } from "@/ui/Skeleton";
import { usageQuery } from "./queries";
import classes from "./workspaces.module.css";

/** What would be lost with a workspace, in numbers. */
export function Losses({ workspace }: { readonly workspace: string }) {
  const usage = useQuery(usageQuery(workspace));
  const format = useFormat();
  if (usage.isPending) return <SkeletonLines count={3} />;
  if (!usage.data) return null;
  return (
    <ul className={classes.losses}>
      <li>{t("workspace.lose.people", { count: usage.data.members })}</li>
      {usage.data.objects
        .filter((one) => one.count > 0)
        .map((one) => (
          <li key={one.kind}>
            {tDynamic(`usage.kind.${one.kind}`, one.title)}:{" "}
            <span className="hf-number hf-strong">{format.integer(one.count)}</span>
          </li>
        ))}
    </ul>
  );
}
