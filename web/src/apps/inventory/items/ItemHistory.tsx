import { useInfiniteQuery } from "@tanstack/react-query";
import { IconHistory } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import type { Item, Movement } from "@/api/types";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Section } from "@/ui/Page";
import { StateBlock } from "@/ui/StateBlock";
import { DataTable, PhoneRow, type Column } from "@/ui/table";
import { Qty, When } from "@/ui/values";
import { MovementDetails } from "../movements/MovementDetails";
import { MovementTag } from "../movements/MovementTag";
import { posterName } from "../movements/poster";
import { itemHistoryQuery } from "./queries";
import { StepChart } from "./StepChart";
import classes from "./item.module.css";

const ROW_PX = 62;
const FRAME_PX = 80;

/** Every movement of one item with the balance after it, and the balance as a line. */
export function ItemHistory({ item }: { readonly item: Item }) {
  const workspace = useWorkspace();
  const history = useInfiniteQuery(itemHistoryQuery(workspace.id, item.id));
  const [shown, setShown] = useState<Movement | null>(null);
  const rows = useMemo(
    () => history.data?.pages.flatMap((page) => page.items) ?? [],
    [history.data],
  );
  const points = useMemo(
    () =>
      rows
        .flatMap((row) => (row.balance ? [{ at: row.posted_at, balance: row.balance }] : []))
        .reverse(),
    [rows],
  );
  const columns: readonly Column<Movement>[] = [
    {
      id: "when",
      header: t("movements.when"),
      width: "160px",
      cell: (row) => <When at={row.effective_at} />,
    },
    {
      id: "type",
      header: t("movements.type"),
      width: "130px",
      cell: (row) => <MovementTag movement={row} />,
    },
    {
      id: "place",
      header: t("movements.place"),
      width: "minmax(110px, 1.4fr)",
      cell: (row) => <bdi className="hf-clip">{row.location_name}</bdi>,
    },
    {
      id: "reference",
      header: t("movements.reference"),
      width: "minmax(80px, 1fr)",
      cell: (row) => <bdi className="hf-clip hf-dim">{row.reference || row.note}</bdi>,
    },
    {
      id: "by",
      header: t("movements.by"),
      width: "minmax(80px, 1fr)",
      cell: (row) => <bdi className="hf-clip hf-dim">{posterName(row)}</bdi>,
    },
    {
      id: "qty",
      header: t("movements.qty"),
      width: "110px",
      align: "end",
      cell: (row) => <Qty value={row.qty} unit={row.unit} signed />,
    },
    {
      id: "balance",
      header: t("movements.balance"),
      width: "110px",
      align: "end",
      cell: (row) => <Qty value={row.balance} unit={row.unit} />,
    },
  ];
  return (
    <Section title={t("items.history")}>
      <StepChart points={points} min={item.min_qty ?? null} unit={item.unit} />
      <div
        className={rows.length > 0 || history.isPending ? classes.history : undefined}
        style={rows.length > 0 ? { maxHeight: rows.length * ROW_PX + FRAME_PX } : undefined}
      >
        <DataTable
          label={t("items.history")}
          columns={columns}
          rows={rows}
          rowKey={(row) => row.id}
          rowVersion={(row) => row.reversed_by ?? ""}
          scope={item.id}
          phoneRow={(row) => (
            <PhoneRow
              title={<MovementTag movement={row} />}
              value={<Qty value={row.qty} unit={row.unit} signed />}
              line={
                <>
                  {row.location_name} · <When at={row.effective_at} />
                </>
              }
              aside={
                row.balance && (
                  <>
                    {t("movements.balance")} <Qty value={row.balance} />
                  </>
                )
              }
            />
          )}
          isLoading={history.isPending}
          error={history.error}
          isForbidden={false}
          empty={<StateBlock icon={IconHistory} title={t("items.noHistory")} />}
          onRetry={() => void history.refetch()}
          onOpen={setShown}
          hasMore={history.hasNextPage}
          onMore={() => {
            if (!history.isFetchingNextPage) void history.fetchNextPage();
          }}
        />
      </div>
      <MovementDetails movement={shown} onClose={() => setShown(null)} />
    </Section>
  );
}
