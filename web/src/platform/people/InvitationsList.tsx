import { Button } from "@mantine/core";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { IconMailOpened } from "@tabler/icons-react";
import { useMemo, useState, type ReactNode } from "react";
import { asProblem } from "@/api/problem";
import type { Invitation } from "@/api/types";
import { t } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { StateBlock } from "@/ui/StateBlock";
import { Tag } from "@/ui/Tag";
import { toastDone } from "@/ui/toast";
import { DataTable, PhoneRow, type Column } from "@/ui/table";
import { When } from "@/ui/values";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { invitationsQuery, withdraw } from "./queries";
import { roleName } from "./roles";

/** Whoever was invited and has not accepted yet. */
export function InvitationsList({ empty }: { readonly empty: ReactNode }) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const query = useInfiniteQuery(invitationsQuery(workspace.id));
  const [doomed, setDoomed] = useState<Invitation | null>(null);
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const columns = useMemo(() => invitationColumns(setDoomed), []);
  const remove = async () => {
    if (doomed) await withdraw(workspace.id, doomed.id);
    await client.invalidateQueries({ queryKey: invitationsQuery(workspace.id).queryKey });
    setDoomed(null);
    toastDone(t("invite.withdrawn"));
  };
  return (
    <>
      <DataTable
        label={t("people.waiting")}
        columns={columns}
        rows={rows}
        rowKey={(one) => one.id}
        rowVersion={(one) => one.state}
        scope="invitations"
        phoneRowPx={72}
        phoneRow={(one) => (
          <PhoneRow
            title={one.email}
            value={<Withdraw one={one} onClick={() => setDoomed(one)} />}
            line={
              <>
                {roleName(one.role)} · {one.invited_by?.name}
              </>
            }
            aside={<State one={one} />}
          />
        )}
        isLoading={query.isPending}
        error={query.error}
        isForbidden={asProblem(query.error).status === 403}
        empty={
          <StateBlock icon={IconMailOpened} title={t("invite.none")} text={t("invite.noneText")}>
            {empty}
          </StateBlock>
        }
        onRetry={() => void query.refetch()}
        hasMore={query.hasNextPage}
        onMore={() => {
          if (!query.isFetchingNextPage) void query.fetchNextPage();
        }}
      />
      <Confirm
        opened={doomed !== null}
        title={t("invite.withdrawTitle", { email: doomed?.email ?? "" })}
        confirmLabel={t("invite.withdraw")}
        onClose={() => setDoomed(null)}
        onConfirm={remove}
      >
        {t("invite.withdrawBody")}
      </Confirm>
    </>
  );
}

function invitationColumns(onWithdraw: (one: Invitation) => void): Column<Invitation>[] {
  return [
    {
      id: "email",
      header: t("people.email"),
      width: "minmax(200px, 2fr)",
      cell: (one) => <span className="hf-clip">{one.email}</span>,
    },
    {
      id: "role",
      header: t("people.role"),
      width: "minmax(90px, 130px)",
      cell: (one) => roleName(one.role),
    },
    {
      id: "state",
      header: t("invite.state"),
      width: "100px",
      cell: (one) => <State one={one} />,
    },
    {
      id: "by",
      header: t("invite.by"),
      width: "minmax(120px, 1fr)",
      cell: (one) => <bdi className="hf-clip hf-dim">{one.invited_by?.name}</bdi>,
    },
    {
      id: "until",
      header: t("invite.until"),
      width: "170px",
      cell: (one) => (
        <span className="hf-dim">
          <When at={one.expires_at} />
        </span>
      ),
    },
    {
      id: "withdraw",
      header: "",
      width: "120px",
      align: "end",
      cell: (one) => <Withdraw one={one} onClick={() => onWithdraw(one)} />,
    },
  ];
}

function State({ one }: { readonly one: Invitation }) {
  return one.state === "expired" ? (
    <Tag tone="caution">{t("invite.expired")}</Tag>
  ) : (
    <Tag tone="info">{t("invite.waiting")}</Tag>
  );
}

function Withdraw({ one, onClick }: { readonly one: Invitation; readonly onClick: () => void }) {
  return (
    <Button
      size="compact-sm"
      variant="default"
      onClick={onClick}
      aria-label={t("invite.withdrawOf", { email: one.email })}
    >
      {t("invite.withdraw")}
    </Button>
  );
}
