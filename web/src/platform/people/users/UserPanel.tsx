import { Button, Menu } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { UserDetails } from "@/api/types";
import { t } from "@/i18n";
import { ActionsMenu } from "@/ui/ActionsMenu";
import { Facts } from "@/ui/Facts";
import { QuickLook } from "@/ui/QuickLook";
import { RowEntry, RowList } from "@/ui/RowList";
import { Initials, When } from "@/ui/values";
import { useMe } from "../../identity/queries";
import { EraseDialog } from "../../privacy/EraseDialog";
import { ExportDialog } from "../../privacy/ExportDialog";
import { roleName } from "../roles";
import { USERS } from "./queries";
import { RenameDialog } from "./RenameDialog";
import { ResetLinkDialog } from "./ResetLinkDialog";
import { UserAction, type Action } from "./UserAction";
import { sessionsText, UserTags } from "./UsersList";
import classes from "../people.module.css";

type Choice = Action | "reset" | "rename" | "export" | "erase";

interface Props {
  readonly user: UserDetails;
  readonly onClose: () => void;
}

export function UserPanel({ user, onClose }: Props) {
  const [open, setOpen] = useState<Choice | null>(null);
  const client = useQueryClient();
  const close = () => setOpen(null);
  return (
    <>
      <QuickLook
        label={user.name}
        title={
          <span className={classes.head}>
            <Initials name={user.name} seed={user.id} />
            <bdi>{user.name}</bdi>
          </span>
        }
        onClose={onClose}
        actions={
          <>
            {!user.is_disabled && (
              <Button variant="default" onClick={() => setOpen("reset")}>
                {t("users.resetLink")}
              </Button>
            )}
            <Button
              variant="default"
              onClick={() => setOpen(user.is_disabled ? "enable" : "disable")}
            >
              {t(user.is_disabled ? "users.enable" : "users.disable")}
            </Button>
            <MoreActions user={user} onChoose={setOpen} />
          </>
        }
      >
        <div className={classes.tags}>
          <UserTags user={user} />
        </div>
        <Facts
          facts={[
            { label: t("users.email"), value: user.email },
            { label: t("users.sessions"), value: sessionsText(user) },
            {
              label: t("users.seen"),
              value: user.last_seen_at ? <When at={user.last_seen_at} /> : t("users.never"),
            },
            { label: t("users.created"), value: <When at={user.created_at} /> },
            user.disabled_at
              ? { label: t("users.disabledAt"), value: <When at={user.disabled_at} /> }
              : null,
          ]}
        />
        <section aria-label={t("users.workspaces")}>
          <h3 className={classes.small}>{t("users.workspaces")}</h3>
          {user.workspaces.length > 0 ? (
            <RowList label={t("users.workspaces")}>
              {user.workspaces.map((one) => (
                <RowEntry key={one.id} title={one.name} line={roleName(one)} />
              ))}
            </RowList>
          ) : (
            <p className="hf-small">{t("users.noWorkspace")}</p>
          )}
        </section>
      </QuickLook>
      {open === "rename" ? (
        <RenameDialog user={user} onClose={close} />
      ) : open === "reset" ? (
        <ResetLinkDialog user={user} onClose={close} />
      ) : open === "export" ? (
        <ExportDialog user={user} onClose={close} />
      ) : open === "erase" ? (
        <EraseDialog
          user={user}
          onClose={close}
          onErased={async () => {
            onClose();
            await client.invalidateQueries({ queryKey: [USERS] });
          }}
        />
      ) : (
        open && <UserAction user={user} action={open} onClose={close} />
      )}
    </>
  );
}

function MoreActions({
  user,
  onChoose,
}: {
  readonly user: UserDetails;
  readonly onChoose: (action: Choice) => void;
}) {
  const me = useMe();
  return (
    <ActionsMenu label={t("users.actions")} position="top-end" size={36}>
      <Menu.Item onClick={() => onChoose("rename")}>{t("users.edit")}</Menu.Item>
      <Menu.Item disabled={user.sessions === 0} onClick={() => onChoose("sign-out")}>
        {t("users.signOut")}
      </Menu.Item>
      <Menu.Item onClick={() => onChoose(user.is_operator ? "unmake" : "make")}>
        {t(user.is_operator ? "users.unmakeOperator" : "users.makeOperator")}
      </Menu.Item>
      <Menu.Item onClick={() => onChoose("export")}>{t("privacy.export")}</Menu.Item>
      {user.id !== me.id && (
        <Menu.Item onClick={() => onChoose("erase")}>{t("privacy.eraseMenu")}</Menu.Item>
      )}
    </ActionsMenu>
  );
}
