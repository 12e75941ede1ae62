import { Button } from "@mantine/core";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { IconCircleCheck, IconDownload } from "@tabler/icons-react";
import { useMemo } from "react";
import type { LowItem } from "@/api/types";
import { t } from "@/i18n";
import { signOf } from "@/i18n/decimal";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { Page } from "@/ui/Page";
import { PrintButton } from "@/ui/PrintButton";
import { saveFile } from "@/ui/saveFile";
import { StateBlock } from "@/ui/StateBlock";
import { DataTable, PhoneRow, type Column } from "@/ui/table";
import { toastFailed } from "@/ui/toast";
import { Qty, When } from "@/ui/values";
import { DraftFromLow } from "../orders/DraftFromLow";
import { EXPORT, PRICES, READ, WRITE } from "../permissions";
import { lowFile, lowQuery } from "./queries";

/** What is below its minimum, and what brings it back. */
export function LowScreen() {
  const workspace = useWorkspace();
  const navigate = useNavigate();
  const sees = workspace.can(PRICES);
  const list = useInfiniteQuery({ ...lowQuery(workspace.id), enabled: workspace.can(READ) });
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const columns = useMemo(() => (sees ? [...stock(), ...orders()] : stock()), [sees]);
  return (
    <Page
      title={t("items.low")}
      tabTitle={t("items.low")}
      layout="fill"
      actions={
        rows.length > 0 && (
          <>
            <PrintButton />
            {workspace.can(EXPORT) && <SaveLow />}
            {sees && workspace.can(WRITE) && <DraftFromLow isMain />}
          </>
        )
      }
    >
      <DataTable
        label={t("items.low")}
        columns={columns}
        rows={rows}
        rowKey={(row) => row.item_id}
        rowVersion={versionOf}
        scope=""
        phoneRow={(row) => (
          <PhoneRow
            title={row.item_name}
            value={<Qty value={row.on_hand} unit={row.unit} />}
            line={
              <>
                {t("items.min")} <Qty value={row.min_qty} unit={row.unit} />
              </>
            }
            aside={row.to_order ? <ToOrder row={row} isLabelled /> : ""}
          />
        )}
        isLoading={list.isPending}
        error={list.error}
        isForbidden={!workspace.can(READ)}
        empty={
          <StateBlock
            icon={IconCircleCheck}
            title={t("low.emptyTitle")}
            text={t("low.emptyText")}
          />
        }
        onRetry={() => void list.refetch()}
        onOpen={(row) =>
          void navigate({
            to: "/w/$workspace/inventory/items/$item",
            params: { workspace: workspace.id, item: row.item_id },
          })
        }
        hasMore={list.hasNextPage}
        onMore={() => {
          if (!list.isFetchingNextPage) void list.fetchNextPage();
        }}
      />
    </Page>
  );
}

function SaveLow() {
  const workspace = useWorkspace();
  const save = useMutation({
    mutationFn: () => lowFile(workspace.id),
    onSuccess: (content) => saveFile("low_stock.csv", content),
    onError: toastFailed,
  });
  return (
    <Button
      variant="default"
      leftSection={<IconDownload size={16} aria-hidden />}
      loading={save.isPending}
      onClick={() => save.mutate()}
    >
      {t("low.file")}
    </Button>
  );
}

function versionOf(row: LowItem): string {
  const { on_hand, min_qty, max_qty, since, on_order, to_order } = row;
  return [on_hand, min_qty, max_qty, since, on_order, to_order].join(" ");
}

function ToOrder({ row, isLabelled }: { readonly row: LowItem; readonly isLabelled?: boolean }) {
  const toOrder = row.to_order ?? "0";
  if (signOf(toOrder) === 0) return <span className="hf-dim">{t("low.coming")}</span>;
  return (
    <>
      {isLabelled && `${t("low.toOrder")} `}
      <Qty value={toOrder} unit={row.unit} />
    </>
  );
}

function stock(): Column<LowItem>[] {
  return [
    {
      id: "item",
      header: t("items.one"),
      width: "minmax(180px, 2fr)",
      cell: (row) => (
        <bdi className="hf-clip" title={row.item_name}>
          {row.item_name}
        </bdi>
      ),
    },
    {
      id: "number",
      header: t("items.number"),
      width: "minmax(90px, 130px)",
      cell: (row) => <bdi className="hf-clip hf-mono hf-dim">{row.item_number}</bdi>,
    },
    {
      id: "onHand",
      header: t("items.onHand"),
      width: "120px",
      align: "end",
      cell: (row) => <Qty value={row.on_hand} unit={row.unit} />,
    },
    {
      id: "min",
      header: t("items.min"),
      width: "110px",
      align: "end",
      cell: (row) => <Qty value={row.min_qty} unit={row.unit} />,
    },
    {
      id: "max",
      header: t("items.max"),
      width: "110px",
      align: "end",
      cell: (row) => row.max_qty && <Qty value={row.max_qty} unit={row.unit} />,
    },
    {
      id: "since",
      header: t("low.since"),
      width: "120px",
      cell: (row) => row.since && <When at={row.since} />,
    },
  ];
}

/** Only for who sees orders. */
function orders(): Column<LowItem>[] {
  return [
    {
      id: "onOrder",
      header: t("low.onOrder"),
      width: "120px",
      align: "end",
      cell: (row) => row.on_order && <Qty value={row.on_order} unit={row.unit} />,
    },
    {
      id: "toOrder",
      header: t("low.toOrder"),
      width: "140px",
      align: "end",
      cell: (row) => <ToOrder row={row} />,
    },
  ];
}
