import { Button, Menu, SegmentedControl } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconUserPlus } from "@tabler/icons-react";
import { useCallback, useRef, useState } from "react";
import type { Member } from "@/api/types";
import { t } from "@/i18n";
import { ActionsMenu } from "@/ui/ActionsMenu";
import { FilterBar, SearchBox } from "@/ui/FilterChips";
import { Notice } from "@/ui/Notice";
import { Page } from "@/ui/Page";
import { WithPanel } from "@/ui/SidePanel";
import type { TableHandle } from "@/ui/table";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { InvitationsList } from "./InvitationsList";
import { InviteDialog } from "./InviteDialog";
import { LeaveDialog } from "./LeaveDialog";
import { MemberPanel } from "./MemberPanel";
import { MembersList } from "./MembersList";
import { OwnPlace } from "./OwnPlace";
import { invitationsQuery, membersQuery } from "./queries";
import { RolesView } from "./RolesView";
import { TransferDialog } from "./TransferDialog";

export interface PeopleSearch {
  readonly show?: "invited" | "roles";
  readonly q?: string;
  readonly panel?: string;
}

/** Who belongs to the workspace and who is invited. */
export function PeopleScreen() {
  const workspace = useWorkspace();
  if (!workspace.can("people.read"))
    return (
      <Page title={t("people.title")} tabTitle={t("people.title")}>
        <OwnPlace />
      </Page>
    );
  return <People />;
}

function People() {
  const workspace = useWorkspace();
  const search = useSearch({ from: "/frame/w/$workspace/people" });
  const navigate = useNavigate({ from: "/w/$workspace/people" });
  const table = useRef<TableHandle>(null);
  const [open, setOpen] = useState<"invite" | "leave" | "transfer" | null>(null);
  const members = useQuery(membersQuery(workspace.id)).data?.members ?? [];
  const manages = workspace.can("people.manage");
  const change = useCallback(
    (next: PeopleSearch) => void navigate({ search: next, replace: true }),
    [navigate],
  );
  const onSearch = useCallback((q: string) => change(q ? { q } : {}), [change]);
  const show = (member: Member | null) =>
    change({
      ...(search.q ? { q: search.q } : {}),
      ...(member ? { panel: member.user_id } : {}),
    });
  const shown = members.find((one) => one.user_id === search.panel);
  const list = search.show === "invited" && !manages ? "members" : (search.show ?? "members");
  const inviteButton = manages && (
    <Button leftSection={<IconUserPlus size={16} aria-hidden />} onClick={() => setOpen("invite")}>
      {t("people.invite")}
    </Button>
  );
  return (
    <Page
      title={t("people.title")}
      tabTitle={t("people.title")}
      layout="fill"
      actions={
        <>
          <MoreMenu onLeave={() => setOpen("leave")} onTransfer={() => setOpen("transfer")} />
          {inviteButton}
        </>
      }
    >
      <WithPanel
        panel={
          shown &&
          list === "members" && (
            <MemberPanel
              key={shown.user_id}
              member={shown}
              members={members}
              onClose={() => {
                show(null);
                table.current?.focus();
              }}
            />
          )
        }
      >
        <FilterBar
          search={
            list === "members" && (
              <SearchBox
                value={search.q ?? ""}
                label={t("people.search")}
                onChange={onSearch}
                onDown={() => table.current?.focus()}
              />
            )
          }
        >
          <WhichList
            shown={list}
            members={members.length}
            onChange={(next) => change(next === "members" ? {} : { show: next })}
          />
        </FilterBar>
        {manages && list === "members" && members.length === 1 && (
          <Notice tone="info">{t("people.alone")}</Notice>
        )}
        {list === "roles" ? (
          <RolesView />
        ) : list === "invited" ? (
          <InvitationsList empty={inviteButton} />
        ) : (
          <MembersList
            ref={table}
            typed={search.q ?? ""}
            selected={shown?.user_id ?? null}
            onSelect={show}
            onClear={() => change({})}
          />
        )}
      </WithPanel>
      {open === "invite" && <InviteDialog onClose={() => setOpen(null)} />}
      {open === "leave" && <LeaveDialog workspace={workspace} onClose={() => setOpen(null)} />}
      {open === "transfer" && <TransferDialog members={members} onClose={() => setOpen(null)} />}
    </Page>
  );
}

type Shown = "members" | "invited" | "roles";

function WhichList({
  shown,
  members,
  onChange,
}: {
  readonly shown: Shown;
  readonly members: number;
  readonly onChange: (next: Shown) => void;
}) {
  const workspace = useWorkspace();
  const manages = workspace.can("people.manage");
  const invitations = useInfiniteQuery({
    ...invitationsQuery(workspace.id),
    enabled: manages,
  });
  const waiting = invitations.data?.pages.flatMap((page) => page.items).length ?? 0;
  const invited = {
    value: "invited" as const,
    label: waiting > 0 ? t("people.waitingCount", { count: waiting }) : t("people.waiting"),
  };
  return (
    <SegmentedControl
      aria-label={t("people.which")}
      value={shown}
      onChange={onChange}
      data={[
        {
          value: "members" as const,
          label: members > 0 ? t("people.membersCount", { count: members }) : t("people.members"),
        },
        ...(manages ? [invited] : []),
        { value: "roles" as const, label: t("roles.title") },
      ]}
    />
  );
}

function MoreMenu({
  onLeave,
  onTransfer,
}: {
  readonly onLeave: () => void;
  readonly onTransfer: () => void;
}) {
  const workspace = useWorkspace();
  return (
    <ActionsMenu label={t("people.actions")}>
      {workspace.can("workspace.transfer") && (
        <Menu.Item onClick={onTransfer}>{t("people.transfer")}</Menu.Item>
      )}
      <Menu.Item onClick={onLeave}>{t("people.leave")}</Menu.Item>
    </ActionsMenu>
  );
}
