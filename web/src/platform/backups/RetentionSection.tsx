import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { t } from "@/i18n";
import { Loaded } from "@/ui/Loaded";
import { Section } from "@/ui/Page";
import { PruneDialog } from "./PruneDialog";
import { RetentionDialog } from "./RetentionDialog";
import { settingsQuery } from "./retention";

const SPANS = ["daily", "weekly", "monthly", "yearly"] as const;

/** How long backups are kept. */
export function RetentionSection() {
  const settings = useQuery(settingsQuery);
  const [shows, setShows] = useState<"edit" | "plan" | null>(null);
  return (
    <Section
      title={t("keep.title")}
      aside={
        <Button
          size="compact-sm"
          variant="default"
          disabled={!settings.data}
          onClick={() => setShows("edit")}
        >
          {t("keep.edit")}
        </Button>
      }
    >
      <Loaded query={settings} lines={2}>
        {({ retention }) => (
          <div className="hf-stack">
            <p className="hf-text">
              {t("keep.said", {
                spans: SPANS.map((span) => t(`keep.span.${span}`, { count: retention[span] })).join(
                  ", ",
                ),
                verified: retention.verified_min,
              })}
            </p>
            <div>
              <Button size="compact-sm" variant="default" onClick={() => setShows("plan")}>
                {t("keep.plan")}
              </Button>
            </div>
            {shows === "edit" && (
              <RetentionDialog
                retention={retention}
                onSaved={() => setShows("plan")}
                onClose={() => setShows(null)}
              />
            )}
          </div>
        )}
      </Loaded>
      {shows === "plan" && <PruneDialog onClose={() => setShows(null)} />}
    </Section>
  );
}
