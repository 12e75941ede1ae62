import { Button, Modal } from "@mantine/core";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconListSearch } from "@tabler/icons-react";
import { useCallback, useMemo, useState } from "react";
import { asProblem } from "@/api/problem";
import type { AuditEntry } from "@/api/types";
import { t } from "@/i18n";
import { FilterBar, SearchBox } from "@/ui/FilterChips";
import { Lamp } from "@/ui/Lamp";
import { Page } from "@/ui/Page";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { StateBlock } from "@/ui/StateBlock";
import { Tag } from "@/ui/Tag";
import { DataTable, PhoneRow, type Column } from "@/ui/table";
import { When } from "@/ui/values";
import { useMe } from "../identity/queries";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { DateBox } from "@/ui/DateBox";
import { EntryDetails } from "./EntryDetails";
import { auditQuery, verifyAudit, type AuditFilter } from "./queries";
import { Sentence } from "./sentence";
import classes from "./audit.module.css";

export function WorkspaceAuditScreen() {
  const workspace = useWorkspace();
  const search = useSearch({ from: "/frame/w/$workspace/audit" });
  const navigate = useNavigate({ from: "/w/$workspace/audit" });
  const change = useCallback(
    (next: AuditFilter) => void navigate({ search: next, replace: true }),
    [navigate],
  );
  return (
    <AuditScreen
      workspace={workspace.id}
      title={t("audit.title")}
      filter={search}
      onFilter={change}
    />
  );
}

export function BoxAuditScreen() {
  const search = useSearch({ from: "/frame/system/audit" });
  const navigate = useNavigate({ from: "/system/audit" });
  const change = useCallback(
    (next: AuditFilter) => void navigate({ search: next, replace: true }),
    [navigate],
  );
  return (
    <AuditScreen workspace={null} title={t("audit.boxTitle")} filter={search} onFilter={change} />
  );
}

interface Props {
  readonly workspace: string | null;
  readonly title: string;
  readonly filter: AuditFilter;
  readonly onFilter: (filter: AuditFilter) => void;
}

function AuditScreen({ workspace, title, filter, onFilter }: Props) {
  const me = useMe();
  const entries = useInfiniteQuery(auditQuery(workspace, filter));
  const [shown, setShown] = useState<AuditEntry | null>(null);
  const rows = useMemo(
    () => entries.data?.pages.flatMap((page) => page.items) ?? [],
    [entries.data],
  );
  const isForbidden = entries.error !== null && asProblem(entries.error).status === 403;
  const columns: readonly Column<AuditEntry>[] = [
    {
      id: "seq",
      header: t("audit.seq"),
      width: "72px",
      align: "end",
      cell: (row) => <span className="hf-number hf-dim">{row.seq}</span>,
    },
    { id: "when", header: t("audit.when"), width: "170px", cell: (row) => <When at={row.at} /> },
    {
      id: "what",
      header: t("audit.what"),
      width: "minmax(260px, 1fr)",
      cell: (row) => <What entry={row} myId={me.id} />,
    },
    {
      id: "where",
      header: t("audit.where"),
      width: "150px",
      cell: (row) => <span className="hf-mono">{row.ip ?? ""}</span>,
    },
  ];
  const onAction = useCallback(
    (action: string) => onFilter(withOut({ ...filter, action })),
    [filter, onFilter],
  );
  return (
    <Page title={title} tabTitle={title} subtitle={t("audit.lead")} layout="fill">
      {!isForbidden && <ChainState workspace={workspace} />}
      <FilterBar
        search={
          <SearchBox
            value={filter.action ?? ""}
            label={t("audit.filter.action")}
            onChange={onAction}
          />
        }
      >
        <DateBox
          label={t("audit.filter.from")}
          value={filter.from}
          onChange={(from) => onFilter(withOut({ ...filter, from }))}
        />
        <DateBox
          label={t("audit.filter.to")}
          value={filter.to}
          onChange={(to) => onFilter(withOut({ ...filter, to }))}
          isEnd
        />
      </FilterBar>
      <DataTable
        label={t("audit.list")}
        columns={columns}
        rows={rows}
        rowKey={(row) => String(row.seq)}
        rowVersion={() => ""}
        scope={JSON.stringify(filter)}
        phoneRowPx={84}
        phoneRow={(row) => (
          <PhoneRow
            wraps
            title={<What entry={row} myId={me.id} />}
            line={<When at={row.at} />}
            aside={`#${row.seq}`}
          />
        )}
        isLoading={entries.isPending}
        error={entries.error}
        isForbidden={isForbidden}
        empty={<StateBlock icon={IconListSearch} title={t("audit.empty")} />}
        onRetry={() => void entries.refetch()}
        onOpen={setShown}
        hasMore={entries.hasNextPage && !entries.isFetchingNextPage}
        onMore={() => void entries.fetchNextPage()}
      />
      <Modal
        opened={shown !== null}
        onClose={() => setShown(null)}
        size="lg"
        title={shown ? <Sentence entry={shown} myId={me.id} /> : ""}
        closeButtonProps={{ "aria-label": t("ui.close") }}
      >
        {shown && <EntryDetails entry={shown} />}
      </Modal>
    </Page>
  );
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

function ChainState({ workspace }: { readonly workspace: string | null }) {
  const verify = useMutation({ mutationFn: () => verifyAudit(workspace) });
  const result = verify.data;
  return (
    <div className={classes.chain} data-state={result ? (result.ok ? "good" : "bad") : undefined}>
      <div className={classes.chainText} aria-live="polite">
        {verify.error ? (
          <ProblemAlert error={verify.error} />
        ) : result ? (
          <>
            <Lamp
              state={result.ok ? "good" : "danger"}
              label={
                result.ok
                  ? t("audit.good", { count: result.checked })
                  : t("audit.bad", { seq: result.first_bad_seq ?? 0 })
              }
            />
            {result.detail && <span>{result.detail}</span>}
            <span className="hf-mono hf-dim">
              {t("audit.head", { hash: result.head.slice(0, 16) })}
            </span>
          </>
        ) : (
          <span className="hf-dim">{t("audit.unverified")}</span>
        )}
      </div>
      <Button
        size="xs"
        variant="default"
        loading={verify.isPending}
        onClick={() => verify.mutate()}
      >
        {t("audit.verify")}
      </Button>
    </div>
  );
}

/** Empty filters do not belong in the address. */
function withOut(filter: {
  action?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}): AuditFilter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value));
}
