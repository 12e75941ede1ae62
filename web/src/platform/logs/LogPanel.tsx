import { Button } from "@mantine/core";
import type { LogLine } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { CopyText } from "@/ui/CopyText";
import { Facts } from "@/ui/Facts";
import { SidePanel } from "@/ui/SidePanel";
import { LevelTag } from "./LevelTag";
import classes from "./logs.module.css";

/** One line with all its values. */
export function LogPanel({
  line,
  onClose,
  onRequest,
}: {
  readonly line: LogLine;
  readonly onClose: () => void;
  /** Shows all lines of a request; none while they are shown already. */
  readonly onRequest: ((id: string) => void) | null;
}) {
  const format = useFormat();
  const id = line.request_id;
  return (
    <SidePanel title={line.message} label={t("logs.one")} onClose={onClose}>
      <Facts
        facts={[
          { label: t("logs.at"), value: format.exact(line.at) },
          { label: t("logs.level"), value: <LevelTag level={line.level} /> },
          ...values(line.fields).map(([name, value]) => ({
            label: name,
            value: <span className={classes.value}>{value}</span>,
          })),
        ]}
      />
      {id && (
        <div className={classes.request}>
          <span className="hf-dim">{t("logs.request")}</span>
          <CopyText text={id} label={t("logs.request")} />
          {onRequest && (
            <Button variant="default" size="xs" onClick={() => onRequest(id)}>
              {t("logs.ofRequest")}
            </Button>
          )}
        </div>
      )}
      <details>
        <summary className={classes.summary}>{t("logs.asJson")}</summary>
        <CopyText text={JSON.stringify(line)} label={t("logs.one")} />
      </details>
    </SidePanel>
  );
}

/** The values beside the message that say something. */
function values(fields: unknown): [string, string][] {
  if (typeof fields !== "object" || fields === null) return [];
  return Object.entries(fields)
    .filter(([, value]) => value !== "" && value !== null)
    .map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]);
}
