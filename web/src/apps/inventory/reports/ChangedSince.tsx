import { Button } from "@mantine/core";
import { useRef, useState } from "react";
import { t, useFormat } from "@/i18n";
import classes from "./reports.module.css";

/** A report as it was read. */
export interface ReadReport {
  readonly data: unknown;
  readonly dataUpdatedAt: number;
  /** Something happened since it was read. */
  readonly isStale: boolean;
  readonly isPlaceholderData: boolean;
  readonly isFetching: boolean;
  readonly refetch: () => Promise<unknown>;
}

/** Whether something happened since the figures that are shown were read. */
export function hasChanged({ data, isStale, isPlaceholderData }: ReadReport): boolean {
  return data !== undefined && isStale && !isPlaceholderData;
}

/**
 * Says that something changed since a report was read, and reads it again. It does not do so by
 * itself: a report is dear to the box, and a person gets only so many of them a minute.
 */
export function ChangedSince({ report }: { readonly report: ReadReport }) {
  const format = useFormat();
  const place = useRef<HTMLDivElement>(null);
  const [wasAsked, setAsked] = useState(false);
  const isChanged = hasChanged(report);
  const at = format.time(new Date(report.dataUpdatedAt).toISOString());
  const readAgain = () => {
    setAsked(true);
    // The button goes away; whoever pressed it with a key stays where it was.
    place.current?.focus();
    void report.refetch();
  };
  return (
    <div ref={place} tabIndex={-1} className={classes.changed}>
      <span role="status">
        {isChanged ? t("reports.changed", { at }) : wasAsked && t("reports.wasRead", { at })}
      </span>
      {isChanged && (
        <Button size="xs" variant="default" loading={report.isFetching} onClick={readAgain}>
          {t("reports.readAgain")}
        </Button>
      )}
    </div>
  );
}
