import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { MyWorkspace } from "@/api/types";
import { t } from "@/i18n";
import { useStreamState } from "@/platform/live/LiveProvider";
import { versionQuery } from "@/platform/monitoring/queries";
import classes from "./frame.module.css";

/** Connection, the zone times are written in, and the version. */
export function Footer({ workspace }: { readonly workspace: MyWorkspace | null }) {
  const state = useStreamState();
  const version = useQuery(versionQuery);
  return (
    <footer className={classes.footer}>
      {workspace && (
        <span className={classes.stream} data-state={state}>
          {t(`footer.${state}`)}
        </span>
      )}
      {workspace && <span>{t("footer.zone", { zone: workspace.time_zone })}</span>}
      <span className={classes.spacer} />
      {version.data && (
        <Link to="/about" className="hf-quiet-link">
          {t("footer.version", { version: version.data.version })}
        </Link>
      )}
    </footer>
  );
}
