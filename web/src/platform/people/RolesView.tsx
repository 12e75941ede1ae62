import { Button } from "@mantine/core";
import { IconUsersGroup } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Role } from "@/api/types";
import { t } from "@/i18n";
import { Section } from "@/ui/Page";
import { RowEntry, RowList } from "@/ui/RowList";
import { SkeletonLines } from "@/ui/Skeleton";
import { FailedState, StateBlock } from "@/ui/StateBlock";
import { Tag } from "@/ui/Tag";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { DeleteRoleDialog } from "./DeleteRoleDialog";
import { permissionsQuery, rolesQuery } from "./queries";
import { RoleEditor } from "./RoleEditor";
import { RoleTable } from "./RoleTable";
import classes from "./roles.module.css";

type Open = { readonly what: "new" } | { readonly what: "edit" | "delete"; readonly role: Role };

/** The roles of the workspace: its own to look after, and what each of all may. */
export function RolesView() {
  const workspace = useWorkspace();
  const roles = useQuery(rolesQuery(workspace.id));
  const permissions = useQuery(permissionsQuery(workspace.id));
  const [open, setOpen] = useState<Open | null>(null);
  const error = roles.error ?? permissions.error;
  const again = () => {
    void roles.refetch();
    void permissions.refetch();
  };
  if (error && !(roles.data && permissions.data))
    return <FailedState error={error} onRetry={again} />;
  if (!roles.data || !permissions.data) return <SkeletonLines count={6} />;
  const manages = workspace.can("people.manage") && workspace.state === "active";
  const own = roles.data.filter((role) => !role.is_builtin);
  const close = () => setOpen(null);
  const newButton = manages && (
    <Button size="compact-sm" variant="default" onClick={() => setOpen({ what: "new" })}>
      {t("roles.new")}
    </Button>
  );
  return (
    <div className={classes.view}>
      <Section title={t("roles.own")} aside={own.length > 0 && newButton}>
        {own.length === 0 ? (
          <StateBlock icon={IconUsersGroup} title={t("roles.none")} text={t("roles.noneText")}>
            {newButton}
          </StateBlock>
        ) : (
          <RowList label={t("roles.own")}>
            {own.map((role) => (
              <OwnRole key={role.id} role={role} manages={manages} onOpen={setOpen} />
            ))}
          </RowList>
        )}
      </Section>
      <Section title={t("roles.table")}>
        <RoleTable roles={roles.data} permissions={permissions.data} />
      </Section>
      {open?.what === "new" && (
        <RoleEditor role={null} permissions={permissions.data} onClose={close} />
      )}
      {open?.what === "edit" && (
        <RoleEditor role={open.role} permissions={permissions.data} onClose={close} />
      )}
      {open?.what === "delete" && <DeleteRoleDialog role={open.role} onClose={close} />}
    </div>
  );
}

function OwnRole({
  role,
  manages,
  onOpen,
}: {
  readonly role: Role;
  readonly manages: boolean;
  readonly onOpen: (open: Open) => void;
}) {
  return (
    <RowEntry
      title={role.name}
      tags={
        <>
          <Tag>{t("roles.members", { count: role.members })}</Tag>
          {role.needs_factor && <Tag>{t("roles.needsFactor")}</Tag>}
        </>
      }
      line={role.description}
      actions={
        manages &&
        role.may_give && (
          <>
            <Button
              size="compact-sm"
              variant="default"
              aria-label={t("roles.changeNamed", { name: role.name })}
              onClick={() => onOpen({ what: "edit", role })}
            >
              {t("roles.change")}
            </Button>
            <Button
              size="compact-sm"
              variant="default"
              aria-label={t("roles.deleteNamed", { name: role.name })}
              onClick={() => onOpen({ what: "delete", role })}
            >
              {t("roles.delete")}
            </Button>
          </>
        )
      }
    />
  );
}
