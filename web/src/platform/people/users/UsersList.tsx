import { IconUsers } from "@tabler/icons-react";
import { useMemo, type Ref } from "react";
import { asProblem } from "@/api/problem";
import type { UserDetails } from "@/api/types";
import { t } from "@/i18n";
import { StateBlock } from "@/ui/StateBlock";
import { Tag } from "@/ui/Tag";
import { DataTable, PhoneRow, type Column, type TableHandle } from "@/ui/table";
import { Initials, When } from "@/ui/values";
import { useMe } from "../../identity/queries";
import { Person } from "../Person";
import { roleName } from "../roles";
import classes from "../people.module.css";

interface Props {
  readonly query: {
    readonly isPending: boolean;
    readonly error: unknown;
    readonly hasNextPage: boolean;
    readonly isFetchingNextPage: boolean;
    fetchNextPage(): unknown;
    refetch(): unknown;
  };
  readonly rows: readonly UserDetails[];
  readonly scope: string;
  readonly selected: string | null;
  readonly onSelect: (user: UserDetails | null) => void;
  readonly onClear: () => void;
  readonly ref: Ref<TableHandle>;
}

export function UsersList({ query, rows, scope, selected, onSelect, onClear, ref }: Props) {
  const columns = useMemo(() => userColumns(selected === null), [selected]);
  return (
    <DataTable
      ref={ref}
      label={t("users.title")}
      columns={columns}
      rows={rows}
      rowKey={(user) => user.id}
      rowVersion={(user) => `${user.version} ${user.is_disabled} ${user.is_operator}`}
      scope={scope}
      phoneRow={(user) => <UserPhoneRow user={user} />}
      isLoading={query.isPending}
      error={query.error}
      isForbidden={asProblem(query.error).status === 403}
      empty={
        <StateBlock icon={IconUsers} title={t("users.noMatch")}>
          <button type="button" className="hf-link" onClick={onClear}>
            {t("users.clearSearch")}
          </button>
        </StateBlock>
      }
      onRetry={() => void query.refetch()}
      selected={selected}
      onSelect={onSelect}
      onOpen={onSelect}
      hasMore={query.hasNextPage}
      onMore={() => {
        if (!query.isFetchingNextPage) query.fetchNextPage();
      }}
    />
  );
}

function userColumns(isWide: boolean): Column<UserDetails>[] {
  const columns: (Column<UserDetails> | null)[] = [
    {
      id: "person",
      header: t("users.person"),
      width: "minmax(240px, 2.2fr)",
      cell: (user) => (
        <Person id={user.id} name={user.name} email={user.email} tags={<UserTags user={user} />} />
      ),
    },
    {
      id: "workspaces",
      header: t("users.workspaces"),
      width: "minmax(150px, 1.4fr)",
      cell: (user) => <Places user={user} />,
    },
    isWide
      ? {
          id: "sessions",
          header: t("users.sessions"),
          width: "130px",
          cell: (user) => <span className="hf-dim">{sessionsText(user)}</span>,
        }
      : null,
    {
      id: "seen",
      header: t("users.seen"),
      width: "150px",
      cell: (user) => <Seen user={user} />,
    },
  ];
  return columns.filter((column) => column !== null);
}

export function UserTags({ user }: { readonly user: UserDetails }) {
  const me = useMe();
  return (
    <>
      {user.id === me.id && <Tag>{t("users.you")}</Tag>}
      {user.is_operator && <Tag tone="info">{t("users.tag.operator")}</Tag>}
      {user.is_disabled && <Tag tone="caution">{t("users.tag.disabled")}</Tag>}
    </>
  );
}

export function sessionsText(user: UserDetails): string {
  return user.sessions > 0
    ? t("users.sessionsCount", { count: user.sessions })
    : t("users.sessionsNone");
}

/** One workspace with its role, or how many there are. */
function Places({ user }: { readonly user: UserDetails }) {
  const all = user.workspaces.map((one) => `${one.name}: ${roleName(one)}`).join("\n");
  return (
    <span className="hf-clip" title={all}>
      {placesText(user)}
    </span>
  );
}

function placesText(user: UserDetails): string {
  const [first, ...others] = user.workspaces;
  if (!first) return t("users.noWorkspace");
  if (others.length > 0) return t("users.inWorkspaces", { count: user.workspaces.length });
  return `${first.name} · ${roleName(first)}`;
}

function Seen({ user }: { readonly user: UserDetails }) {
  return (
    <span className="hf-dim">
      {user.last_seen_at ? <When at={user.last_seen_at} /> : t("users.never")}
    </span>
  );
}

function UserPhoneRow({ user }: { readonly user: UserDetails }) {
  return (
    <div className={classes.phoneSymbol}>
      <Initials name={user.name} seed={user.id} />
      <PhoneRow
        title={user.name}
        value={
          <span className={classes.tags}>
            <UserTags user={user} />
          </span>
        }
        line={`${user.email} · ${placesText(user)}`}
        aside={<Seen user={user} />}
      />
    </div>
  );
}
