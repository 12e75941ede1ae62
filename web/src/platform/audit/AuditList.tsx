import { Button } from "@mantine/core";
import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { IconListSearch } from "@tabler/icons-react";
import type { AuditEntry, AuditPage } from "@/api/types";
import { t } from "@/i18n";
import { StateBlock } from "@/ui/StateBlock";
import { Tag } from "@/ui/Tag";
import { DataTable, PhoneRow, type Column } from "@/ui/table";
import { When } from "@/ui/values";
import { stoppedShort } from "./filter";
import { PAGE_ROWS } from "./queries";
import { Sentence } from "./sentence";
import classes from "./audit.module.css";

interface Props {
  readonly entries: UseInfiniteQueryResult<InfiniteData<AuditPage>>;
  readonly rows: readonly AuditEntry[];
  readonly myId: string;
  readonly scope: string;
  readonly isForbidden: boolean;
  readonly onOpen: (entry: AuditEntry) => void;
}

/** The entries that fit, newest first, with a way further back where the box stopped looking. */
export function AuditList({ entries, rows, myId, scope, isForbidden, onOpen }: Props) {
  const isShort = stoppedShort(entries.data?.pages.at(-1), PAGE_ROWS);
  const onMore = () => void entries.fetchNextPage();
  const further = isShort && (
    <Button size="xs" variant="default" loading={entries.isFetchingNextPage} onClick={onMore}>
      {t("audit.further")}
    </Button>
  );
  return (
    <div className={classes.entries}>
      <DataTable
        label={t("audit.list")}
        columns={columnsFor(myId)}
        rows={rows}
        rowKey={(row) => String(row.seq)}
        rowVersion={() => ""}
        scope={scope}
        phoneRowPx={84}
        phoneRow={(row) => (
          <PhoneRow
            wraps
            title={<What entry={row} myId={myId} />}
            line={<When at={row.at} />}
            aside={`#${row.seq}`}
          />
        )}
        isLoading={entries.isPending}
        error={entries.error}
        isForbidden={isForbidden}
        empty={
          <StateBlock
            icon={IconListSearch}
            title={t(isShort ? "audit.emptySoFar" : "audit.empty")}
            text={t(isShort ? "audit.furtherText" : "audit.emptyText")}
          >
            {further}
          </StateBlock>
        }
        onRetry={() => void entries.refetch()}
        onOpen={onOpen}
        hasMore={entries.hasNextPage && !isShort && !entries.isFetchingNextPage}
        onMore={onMore}
      />
      {isShort && rows.length > 0 && (
        <div className={classes.further}>
          {further}
          <span className="hf-small">{t("audit.furtherText")}</span>
        </div>
      )}
    </div>
  );
}

function columnsFor(myId: string): readonly Column<AuditEntry>[] {
  return [
    {
      id: "seq",
      header: t("audit.seq"),
      width: "64px",
      align: "end",
      cell: (row) => <span className="hf-number hf-dim">{row.seq}</span>,
    },
    { id: "when", header: t("audit.when"), width: "170px", cell: (row) => <When at={row.at} /> },
    {
      id: "what",
      header: t("audit.what"),
      width: "minmax(260px, 1fr)",
      cell: (row) => <What entry={row} myId={myId} />,
    },
    {
      id: "where",
      header: t("audit.where"),
      width: "130px",
      cell: (row) => <span className="hf-mono">{row.ip ?? ""}</span>,
    },
  ];
}

function What({ entry, myId }: { readonly entry: AuditEntry; readonly myId: string }) {
  return (
    <span className={classes.what}>
      <span className={classes.sentence}>
        <Sentence entry={entry} myId={myId} />
      </span>
      {entry.outcome === "refused" && <Tag tone="caution">{t("audit.refused")}</Tag>}
    </span>
  );
}
