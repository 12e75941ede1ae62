import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Count, CountLine } from "@/api/types";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Dialog } from "@/ui/Dialog";
import { DialogFoot } from "@/ui/DialogFoot";
import { Facts } from "@/ui/Facts";
import { Loaded } from "@/ui/Loaded";
import { Notice } from "@/ui/Notice";
import { RowEntry, RowList } from "@/ui/RowList";
import { Money, Qty, When } from "@/ui/values";
import { LineTag } from "./CountTag";
import { DECISIONS, lineEntriesQuery, type Decision } from "./queries";

interface Props {
  readonly count: Count;
  readonly line: CountLine;
  readonly decision: Decision | null;
  /** None where nothing is to be decided. */
  readonly onDecide: ((decision: Decision | null) => void) | null;
  readonly onClose: () => void;
}

/** A line with who counted what, and the choice of what becomes of it. */
export function LineDialog({ count, line, decision, onDecide, onClose }: Props) {
  const workspace = useWorkspace();
  const entries = useQuery(lineEntriesQuery(workspace.id, count.id, line));
  const qty = (value: string | null | undefined, signed = false) =>
    value ? <Qty value={value} unit={line.unit} signed={signed} /> : "–";
  return (
    <Dialog onClose={onClose} title={<bdi>{line.item_name}</bdi>} label={line.item_name}>
      <div className="hf-stack">
        <Facts
          facts={[
            { label: t("items.number"), value: <bdi className="hf-mono">{line.item_number}</bdi> },
            { label: t("movements.place"), value: <bdi>{line.location_name}</bdi> },
            { label: t("counts.state"), value: <LineTag line={line} /> },
            line.expected === undefined
              ? null
              : { label: t("counts.expected"), value: qty(line.expected) },
            { label: t("counts.counted"), value: qty(line.counted) },
            line.variance ? { label: t("counts.variance"), value: qty(line.variance, true) } : null,
            line.variance_value
              ? { label: t("counts.value"), value: <Money value={line.variance_value} /> }
              : null,
          ]}
        />
        <Reasons line={line} />
        <Loaded query={entries} lines={2}>
          {(list) => (
            <RowList label={t("counts.counted")} isFramed>
              {list.map((entry) => (
                <RowEntry
                  key={entry.client_op}
                  title={entry.counted_by?.name ?? "–"}
                  tags={entry.undone || entry.undoes ? t("counts.undone") : undefined}
                  line={<When at={entry.counted_at} />}
                  actions={<Qty value={entry.qty} unit={line.unit} signed={entry.mode === "add"} />}
                />
              ))}
            </RowList>
          )}
        </Loaded>
        {onDecide && <Choices line={line} decision={decision} onDecide={onDecide} />}
        <DialogFoot onClose={onClose} />
      </div>
    </Dialog>
  );
}

function Reasons({ line }: { readonly line: CountLine }) {
  const texts = [
    line.conflicts?.includes("moved") ? t("counts.why.moved") : null,
    line.conflicts?.includes("disputed") ? t("counts.why.disputed") : null,
    line.state === "recount" && line.counted ? t("counts.why.second") : null,
  ].filter((text) => text !== null);
  if (texts.length === 0) return null;
  return <Notice tone="caution">{texts.join(" ")}</Notice>;
}

function Choices({
  line,
  decision,
  onDecide,
}: {
  readonly line: CountLine;
  readonly decision: Decision | null;
  readonly onDecide: (decision: Decision | null) => void;
}) {
  // What nobody counted cannot be posted.
  const possible = DECISIONS.filter((one) => line.counted || one === "recount");
  return (
    <div className="hf-flow" role="group" aria-label={t("counts.decide", { item: line.item_name })}>
      {possible.map((one) => (
        <Button
          key={one}
          variant={one === decision ? "filled" : "default"}
          aria-pressed={one === decision}
          onClick={() => onDecide(one === decision ? null : one)}
        >
          {t(one === "reject" ? "counts.leave" : `counts.${one}`)}
        </Button>
      ))}
    </div>
  );
}
