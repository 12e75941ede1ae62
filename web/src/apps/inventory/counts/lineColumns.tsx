import type { CountLine } from "@/api/types";
import { t } from "@/i18n";
import { PhoneRow, type Column } from "@/ui/table";
import { Money, Qty } from "@/ui/values";
import { LineTag } from "./CountTag";
import type { Decisions } from "./queries";

/** What the decision is called, chosen or not yet; nothing where none is to be made. */
export function decisionOf(line: CountLine, decisions: Decisions | null): string {
  const chosen = decisions?.[line.id];
  if (chosen) return t(chosen === "reject" ? "counts.leave" : `counts.${chosen}`);
  if (!decisions) return "";
  if (wantsDecision(line)) return t("counts.choose");
  return line.state === "variance" ? t("counts.keep_delta") : "";
}

/** A line that is not approved before somebody has decided about it. */
export function wantsDecision(line: CountLine): boolean {
  return line.state === "conflict" || (line.state === "recount" && Boolean(line.counted));
}

/** The columns of lines: with decisions while some are to be made, with differences if seen. */
export function lineColumns(
  decisions: Decisions | null,
  seesExpected: boolean,
): readonly Column<CountLine>[] {
  const quantity = (
    id: "expected" | "counted" | "variance",
    signed = false,
  ): Column<CountLine> => ({
    id,
    header: t(`counts.${id}`),
    width: "120px",
    align: "end",
    cell: (row) => {
      const value = row[id];
      return value ? <Qty value={value} unit={row.unit} signed={signed} /> : null;
    },
  });
  const worth: Column<CountLine> = {
    id: "value",
    header: t("counts.value"),
    width: "120px",
    align: "end",
    cell: (row) => (row.variance_value ? <Money value={row.variance_value} /> : null),
  };
  const decision: Column<CountLine> = {
    id: "decision",
    header: t("counts.decision"),
    width: "150px",
    cell: (row) => <span className="hf-clip">{decisionOf(row, decisions)}</span>,
  };
  return [
    {
      id: "item",
      header: t("items.one"),
      width: "minmax(160px, 2fr)",
      cell: (row) => <bdi className="hf-clip">{row.item_name}</bdi>,
    },
    {
      id: "place",
      header: t("movements.place"),
      width: "minmax(110px, 1fr)",
      cell: (row) => <bdi className="hf-clip hf-dim">{row.location_name}</bdi>,
    },
    {
      id: "state",
      header: t("counts.state"),
      width: "140px",
      cell: (row) => <LineTag line={row} />,
    },
    ...(seesExpected ? [quantity("expected")] : []),
    quantity("counted"),
    ...(seesExpected ? [quantity("variance", true), worth] : []),
    ...(decisions ? [decision] : []),
  ];
}

/** The same on a phone. */
export function linePhoneRow(line: CountLine, decisions: Decisions | null) {
  const value = line.variance ?? line.counted;
  return (
    <PhoneRow
      title={line.item_name}
      value={value && <Qty value={value} unit={line.unit} signed={Boolean(line.variance)} />}
      line={[line.location_name, decisionOf(line, decisions)].filter(Boolean).join(" · ")}
      aside={<LineTag line={line} />}
    />
  );
}
