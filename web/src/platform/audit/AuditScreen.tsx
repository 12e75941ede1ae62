import { SegmentedControl } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { asProblem } from "@/api/problem";
import type { AuditEntry } from "@/api/types";
import { t } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { Page } from "@/ui/Page";
import { useMe } from "../identity/queries";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { AuditFilters } from "./AuditFilters";
import { AuditList } from "./AuditList";
import { ChainState } from "./ChainState";
import { EntryDetails } from "./EntryDetails";
import { allOf, isOfPeople, peopleIn, type AuditFilter } from "./filter";
import { BOX_GROUPS, BOX_KINDS, PEOPLE_GROUPS, WORKSPACE_GROUPS, WORKSPACE_KINDS } from "./groups";
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
  const isPeople = isOfPeople(filter);
  const narrow = (next: AuditFilter) => {
    setShown(null);
    onFilter(next);
  };
  return (
    <Page title={title} tabTitle={title} subtitle={t("audit.lead")} layout="fill">
      {!isForbidden && workspace !== null && <Logs isPeople={isPeople} onFilter={onFilter} />}
      {!isForbidden && !isPeople && <ChainState workspace={workspace} />}
      <div className={classes.split}>
        {!isForbidden && (
          <AuditFilters
            filter={filter}
            people={people}
            {...choices(workspace === null, isPeople)}
            onFilter={onFilter}
          />
        )}
        <AuditList
          entries={entries}
          rows={rows}
          myId={me.id}
          scope={JSON.stringify(filter)}
          isForbidden={isForbidden}
          onOpen={setShown}
        />
      </div>
      <Dialog
        opened={shown !== null}
        onClose={() => setShown(null)}
        size="lg"
        title={shown ? <Sentence entry={shown} myId={me.id} /> : ""}
      >
        {shown && (
          <EntryDetails entry={shown} workspace={workspace} isPeople={isPeople} onNarrow={narrow} />
        )}
      </Dialog>
    </Page>
  );
}

/** The workspace's own log, or what the box's log says of its people. */
function Logs({
  isPeople,
  onFilter,
}: {
  readonly isPeople: boolean;
  readonly onFilter: (filter: AuditFilter) => void;
}) {
  return (
    <div className={classes.logs}>
      <SegmentedControl
        aria-label={t("audit.log")}
        value={isPeople ? "people" : "own"}
        onChange={(value) => onFilter(allOf(value === "people"))}
        data={[
          { value: "own", label: t("audit.log.own") },
          { value: "people", label: t("audit.log.people") },
        ]}
      />
      {isPeople && <p className="hf-small">{t("audit.log.peopleAbout")}</p>}
    </div>
  );
}

function choices(isBox: boolean, isPeople: boolean) {
  if (isBox) return { groups: BOX_GROUPS, kinds: BOX_KINDS };
  // All entries about people are about the workspace.
  if (isPeople) return { groups: PEOPLE_GROUPS, kinds: [] };
  return { groups: WORKSPACE_GROUPS, kinds: WORKSPACE_KINDS };
}
