import { Button, Menu } from "@mantine/core";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { IconMailOpened } from "@tabler/icons-react";
import { useMemo, useState, type ReactNode } from "react";
import { asProblem } from "@/api/problem";
import type { Invitation } from "@/api/types";
import { t } from "@/i18n";
import { ActionsMenu } from "@/ui/ActionsMenu";
import { Confirm } from "@/ui/Confirm";
import { StateBlock } from "@/ui/StateBlock";
import { Tag } from "@/ui/Tag";
import { toastDone } from "@/ui/toast";
import { DataTable, PhoneRow, type Column } from "@/ui/table";
import { When } from "@/ui/values";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { invitationsQuery, withdraw } from "./queries";
import { RenewDialog } from "./RenewDialog";
import { roleName } from "./roles";
import classes from "./people.module.css";

/** Whoever was invited and has not accepted yet. */
export function InvitationsList({ empty }: { readonly empty: ReactNode }) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const query = useInfiniteQuery(invitationsQuery(workspace.id));
  const [doomed, setDoomed] = useState<Invitation | null>(null);
  const [renewed, setRenewed] = useState<Invitation | null>(null);
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const columns = useMemo(() => invitationColumns(setRenewed, setDoomed), []);
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
            value={<More one={one} onRenew={setRenewed} onWithdraw={setDoomed} />}
            line={
              <>
                {roleName(one)} · {one.invited_by?.name}
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
      {renewed && <RenewDialog invitation={renewed} onClose={() => setRenewed(null)} />}
    </>
  );
}

type OnOne = (one: Invitation) => void;

function invitationColumns(onRenew: OnOne, onWithdraw: OnOne): Column<Invitation>[] {
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
      cell: (one) => roleName(one),
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
      id: "actions",
      header: "",
      width: "200px",
      align: "end",
      cell: (one) => <Buttons one={one} onRenew={onRenew} onWithdraw={onWithdraw} />,
    },
  ];
}

function State({ one }: { readonly one: Invitation }) {
  switch (one.state) {
    case "waiting":
      return <Tag tone="info">{t("invite.waiting")}</Tag>;
    case "expired":
      return <Tag tone="caution">{t("invite.expired")}</Tag>;
    case "lapsed":
      return (
        <span title={t("invite.lapsedText")}>
          <Tag tone="caution">{t("invite.lapsed")}</Tag>
        </span>
      );
  }
}

interface ActionProps {
  readonly one: Invitation;
  readonly onRenew: OnOne;
  readonly onWithdraw: OnOne;
}

function Buttons({ one, onRenew, onWithdraw }: ActionProps) {
  const { email } = one;
  return (
    <span className={classes.rowButtons}>
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => onRenew(one)}
        aria-label={t("invite.renewOf", { email })}
      >
        {t("invite.renew")}
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => onWithdraw(one)}
        aria-label={t("invite.withdrawOf", { email })}
      >
        {t("invite.withdraw")}
      </Button>
    </span>
  );
}

/** The same where there is no room for two buttons. */
function More({ one, onRenew, onWithdraw }: ActionProps) {
  return (
    <ActionsMenu label={t("invite.actions", { email: one.email })}>
      <Menu.Item onClick={() => onRenew(one)}>{t("invite.renew")}</Menu.Item>
      <Menu.Item onClick={() => onWithdraw(one)}>{t("invite.withdraw")}</Menu.Item>
    </ActionsMenu>
  );
}
