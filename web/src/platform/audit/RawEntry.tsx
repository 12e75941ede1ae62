import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { t } from "@/i18n";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { rawEntryQuery } from "./queries";
import classes from "./audit.module.css";

interface Props {
  readonly workspace: string | null;
  readonly isPeople: boolean;
  readonly seq: number;
}

/** The entry as it was hashed, fetched when somebody asks for it. */
export function RawEntry({ workspace, isPeople, seq }: Props) {
  const [isAsked, setAsked] = useState(false);
  const raw = useQuery({ ...rawEntryQuery(workspace, isPeople, seq), enabled: isAsked });
  if (raw.data)
    return (
      <section className={classes.rawEntry} aria-label={t("audit.raw")}>
        <h3 className={classes.rawTitle}>{t("audit.raw")}</h3>
        <p className="hf-small">{t("audit.rawAbout")}</p>
        <pre className={classes.raw} tabIndex={0}>
          {raw.data.canonical}
        </pre>
      </section>
    );
  return (
    <div className={classes.rawEntry}>
      {raw.error && <ProblemAlert error={raw.error} onRetry={() => void raw.refetch()} />}
      <div className="hf-flow">
        <Button
          size="xs"
          variant="default"
          loading={isAsked && raw.isFetching}
          onClick={() => setAsked(true)}
        >
          {t("audit.showRaw")}
        </Button>
      </div>
    </div>
  );
}
