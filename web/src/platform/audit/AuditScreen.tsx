import { Modal } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconListSearch } from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { asProblem } from "@/api/problem";
import type { AuditEntry } from "@/api/types";
import { t } from "@/i18n";
import { Page } from "@/ui/Page";
import { StateBlock } from "@/ui/StateBlock";
import { Tag } from "@/ui/Tag";
import { DataTable, PhoneRow, type Column } from "@/ui/table";
import { When } from "@/ui/values";
import { useMe } from "../identity/queries";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { AuditFilters } from "./AuditFilters";
import { ChainState } from "./ChainState";
import { EntryDetails } from "./EntryDetails";
import { peopleIn, type AuditFilter } from "./filter";
import { BOX_GROUPS, WORKSPACE_GROUPS } from "./groups";
import { auditPeopleQuery, auditQuery } from "./queries";
import { Sentence } from "./sentence";
import classes from "./audit.module.css";

export function WorkspaceAuditScreen() {
  const workspace = useWorkspace();
  const search = useSearch({ from: "/frame/w/$workspace/audit" });
  const navigate = useNavigate({ from: "/w/$workspace/audit" });
  const people = useQuery({
    ...auditPeopleQuery(workspace.id),
    enabled: workspace.can("people.read"),
  });
  return (
    <AuditScreen
      workspace={workspace.id}
      title={t("audit.title")}
      filter={search}
      known={people.data ?? NOBODY}
      onFilter={(next) => void navigate({ search: next, replace: true })}
    />
  );
}

export function BoxAuditScreen() {
  const search = useSearch({ from: "/frame/system/audit" });
  const navigate = useNavigate({ from: "/system/audit" });
  return (
    <AuditScreen
      workspace={null}
      title={t("audit.boxTitle")}
      filter={search}
      known={NOBODY}
      onFilter={(next) => void navigate({ search: next, replace: true })}
    />
  );
}

const NOBODY: readonly { id: string; name: string }[] = [];

interface Props {
  readonly workspace: string | null;
  readonly title: string;
  readonly filter: AuditFilter;
  readonly known: readonly { readonly id: string; readonly name: string }[];
  readonly onFilter: (filter: AuditFilter) => void;
}

function AuditScreen({ workspace, title, filter, known, onFilter }: Props) {
  const me = useMe();
  const entries = useInfiniteQuery(auditQuery(workspace, filter));
  const [shown, setShown] = useState<AuditEntry | null>(null);
  const rows = useMemo(
    () => entries.data?.pages.flatMap((page) => page.items) ?? [],
    [entries.data],
  );
  const people = useMemo(() => peopleIn(known, rows), [known, rows]);
  const isForbidden = entries.error !== null && asProblem(entries.error).status === 403;
  const columns: readonly Column<AuditEntry>[] = [
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
      cell: (row) => <What entry={row} myId={me.id} />,
    },
    {
      id: "where",
      header: t("audit.where"),
      width: "130px",
      cell: (row) => <span className="hf-mono">{row.ip ?? ""}</span>,
    },
  ];
  const narrow = (next: AuditFilter) => {
    setShown(null);
    onFilter(next);
  };
  return (
    <Page title={title} tabTitle={title} subtitle={t("audit.lead")} layout="fill">
      {!isForbidden && <ChainState workspace={workspace} />}
      <div className={classes.split}>
        {!isForbidden && (
          <AuditFilters
            filter={filter}
            people={people}
            groups={workspace === null ? BOX_GROUPS : WORKSPACE_GROUPS}
            onFilter={onFilter}
          />
        )}
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
          empty={
            <StateBlock
              icon={IconListSearch}
              title={t("audit.empty")}
              text={t("audit.emptyText")}
            />
          }
          onRetry={() => void entries.refetch()}
          onOpen={setShown}
          hasMore={entries.hasNextPage && !entries.isFetchingNextPage}
          onMore={() => void entries.fetchNextPage()}
        />
      </div>
      <Modal
        opened={shown !== null}
        onClose={() => setShown(null)}
        size="lg"
        title={shown ? <Sentence entry={shown} myId={me.id} /> : ""}
        closeButtonProps={{ "aria-label": t("ui.close") }}
      >
        {shown && <EntryDetails entry={shown} onNarrow={narrow} />}
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
