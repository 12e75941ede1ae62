import { useQuery } from "@tanstack/react-query";
import { IconUsers } from "@tabler/icons-react";
import { useMemo, type Ref } from "react";
import { asProblem } from "@/api/problem";
import type { Member } from "@/api/types";
import { t } from "@/i18n";
import { StateBlock } from "@/ui/StateBlock";
import { Tag } from "@/ui/Tag";
import { DataTable, PhoneRow, type Column, type TableHandle } from "@/ui/table";
import { Initials, When } from "@/ui/values";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { inOrder, matching } from "./members";
import { Person } from "./Person";
import { membersQuery } from "./queries";
import { roleName } from "./roles";
import classes from "./people.module.css";

interface Props {
  readonly typed: string;
  readonly selected: string | null;
  readonly onSelect: (member: Member | null) => void;
  readonly onClear: () => void;
  readonly ref: Ref<TableHandle>;
}

export function MembersList({ typed, selected, onSelect, onClear, ref }: Props) {
  const workspace = useWorkspace();
  const query = useQuery(membersQuery(workspace.id));
  const rows = useMemo(
    () => matching(inOrder(query.data?.members ?? []), typed),
    [query.data, typed],
  );
  const columns = useMemo(() => memberColumns(selected === null), [selected]);
  return (
    <DataTable
      ref={ref}
      label={t("people.members")}
      columns={columns}
      rows={rows}
      rowKey={(member) => member.user_id}
      rowVersion={(member) => `${member.version} ${member.is_disabled}`}
      scope={typed}
      phoneRow={(member) => <MemberPhoneRow member={member} />}
      isLoading={query.isPending}
      error={query.error}
      isForbidden={asProblem(query.error).status === 403}
      empty={
        <StateBlock icon={IconUsers} title={t("people.noMatch")}>
          <button type="button" className="hf-link" onClick={onClear}>
            {t("people.clearSearch")}
          </button>
        </StateBlock>
      }
      onRetry={() => void query.refetch()}
      selected={selected}
      onSelect={onSelect}
      onOpen={onSelect}
      total={query.data ? { count: rows.length, isMore: query.data.hasMore } : null}
    />
  );
}

function memberColumns(isWide: boolean): Column<Member>[] {
  const columns: (Column<Member> | null)[] = [
    {
      id: "person",
      header: t("people.name"),
      width: "minmax(220px, 2.4fr)",
      cell: (member) => (
        <Person
          id={member.user_id}
          name={member.name}
          email={member.email}
          tags={<MemberTags member={member} />}
        />
      ),
    },
    {
      id: "role",
      header: t("people.role"),
      width: "minmax(90px, 140px)",
      cell: (member) => roleName(member),
    },
    isWide
      ? {
          id: "joined",
          header: t("people.joined"),
          width: "170px",
          cell: (member) => (
            <span className="hf-dim">
              <When at={member.joined_at} />
            </span>
          ),
        }
      : null,
    {
      id: "seen",
      header: t("people.seen"),
      width: "170px",
      cell: (member) => <Seen at={member.last_seen_at} />,
    },
  ];
  return columns.filter((column) => column !== null);
}

function MemberTags({ member }: { readonly member: Member }) {
  return (
    <>
      {member.is_you && <Tag>{t("people.you")}</Tag>}
      {member.is_disabled && <Tag tone="caution">{t("people.disabled")}</Tag>}
    </>
  );
}

function Seen({ at }: { readonly at: string | null | undefined }) {
  return <span className="hf-dim">{at ? <When at={at} /> : t("people.never")}</span>;
}

function MemberPhoneRow({ member }: { readonly member: Member }) {
  return (
    <div className={classes.phoneSymbol}>
      <Initials name={member.name} seed={member.user_id} />
      <PhoneRow
        title={
          <>
            {member.name} <MemberTags member={member} />
          </>
        }
        value={roleName(member)}
        line={member.email}
        aside={<Seen at={member.last_seen_at} />}
      />
    </div>
  );
}
