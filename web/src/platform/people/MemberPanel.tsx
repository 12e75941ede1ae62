import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Member } from "@/api/types";
import { t } from "@/i18n";
import { Facts } from "@/ui/Facts";
import { Notice } from "@/ui/Notice";
import { QuickLook } from "@/ui/QuickLook";
import { Tag } from "@/ui/Tag";
import { Initials, When } from "@/ui/values";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { LeaveDialog } from "./LeaveDialog";
import { isLastOwner, mayTouch } from "./members";
import { rolesQuery } from "./queries";
import { RemoveDialog } from "./RemoveDialog";
import { Role } from "./Role";
import { RoleDialog } from "./RoleDialog";
import classes from "./people.module.css";

interface Props {
  readonly member: Member;
  readonly members: readonly Member[];
  readonly onClose: () => void;
}

export function MemberPanel({ member, members, onClose }: Props) {
  const workspace = useWorkspace();
  const [open, setOpen] = useState<"role" | "remove" | "leave" | null>(null);
  const close = () => setOpen(null);
  const manages = workspace.can("people.manage");
  const roles = useQuery(rolesQuery(workspace.id)).data ?? [];
  const touches = manages && mayTouch(roles, member);
  const isLast = isLastOwner(members, member);
  return (
    <>
      <QuickLook
        label={member.name}
        title={
          <span className={classes.head}>
            <Initials name={member.name} seed={member.user_id} />
            <bdi>{member.name}</bdi>
            {member.is_you && <Tag>{t("people.you")}</Tag>}
          </span>
        }
        onClose={onClose}
        actions={
          <>
            {touches && (
              <Button variant="default" disabled={isLast} onClick={() => setOpen("role")}>
                {t("people.changeRole")}
              </Button>
            )}
            {member.is_you ? (
              <Button variant="default" disabled={isLast} onClick={() => setOpen("leave")}>
                {t("people.leave")}
              </Button>
            ) : (
              touches && (
                <Button variant="default" disabled={isLast} onClick={() => setOpen("remove")}>
                  {t("people.remove")}
                </Button>
              )
            )}
          </>
        }
      >
        {member.is_disabled && (
          <Notice tone="caution" title={t("people.disabled")}>
            {t("people.disabledText")}
          </Notice>
        )}
        <Facts
          facts={[
            {
              label: t("people.role"),
              value: <Role of={member} />,
            },
            { label: t("people.email"), value: member.email },
            { label: t("people.joined"), value: <When at={member.joined_at} /> },
            {
              label: t("people.seen"),
              value: member.last_seen_at ? <When at={member.last_seen_at} /> : t("people.never"),
            },
          ]}
        />
        {isLast ? (
          <p className="hf-small">{t("people.lastOwner")}</p>
        ) : (
          manages &&
          roles.length > 0 &&
          !touches && <p className="hf-small">{t("people.noTouch")}</p>
        )}
      </QuickLook>
      {open === "role" && <RoleDialog member={member} onClose={close} />}
      {open === "remove" && <RemoveDialog member={member} onClose={close} onRemoved={onClose} />}
      {open === "leave" && <LeaveDialog workspace={workspace} onClose={close} />}
    </>
  );
}
