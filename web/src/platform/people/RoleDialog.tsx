import { Modal } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { newKey } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { Member } from "@/api/types";
import { t } from "@/i18n";
import { CardsField, FormFrame, useForm } from "@/ui/form";
import { Notice } from "@/ui/Notice";
import { toastDone } from "@/ui/toast";
import { meQuery } from "../identity/queries";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { changeRole, membersQuery } from "./queries";
import { roleName, roleOptions } from "./roles";

const STALE = 412;

interface Props {
  readonly member: Member;
  readonly onClose: () => void;
}

export function RoleDialog({ member, onClose }: Props) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  // A change is based on the role that is shown here, also when the list behind is newer.
  const [base, setBase] = useState(member);
  const [meanwhile, setMeanwhile] = useState<string | null>(null);
  const { queryKey, queryFn } = membersQuery(workspace.id);

  const reload = async () => {
    const { members } = await client.fetchQuery({ queryKey, queryFn, staleTime: 0 });
    const now = members.find((one) => one.user_id === member.user_id);
    if (now) setBase(now);
    setMeanwhile(
      now
        ? t("people.roleMeanwhileText", { name: now.name, role: roleName(now.role) })
        : t("people.roleGone", { name: member.name }),
    );
  };
  const form = useForm<{ role: Member["role"] }>({
    initial: { role: member.role },
    newKey,
    send: async ({ role }) => {
      setMeanwhile(null);
      try {
        const changed = await changeRole(workspace.id, base, role);
        toastDone(t("people.roleSaved", { name: changed.name, role: roleName(changed.role) }));
      } catch (error) {
        const { status } = asProblem(error);
        if (status === STALE || status === 404) await reload();
        throw error;
      }
      await client.invalidateQueries({ queryKey });
      if (member.is_you) await client.invalidateQueries({ queryKey: meQuery.queryKey });
      onClose();
    },
  });
  const isStale = form.refusal?.status === STALE || form.refusal?.status === 404;
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("people.roleTitle", { name: member.name })}
      closeButtonProps={{ "aria-label": t("ui.close") }}
    >
      <FormFrame
        hasHint={false}
        form={form}
        label={t("people.roleTitle", { name: member.name })}
        submitLabel={t("people.roleSave")}
        onCancel={onClose}
        isBlocked={form.values.role === base.role}
        handles={isStale && form.refusal ? [form.refusal.code] : []}
      >
        {isStale && meanwhile && (
          <Notice tone="caution" title={t("people.roleMeanwhile")}>
            {meanwhile}
          </Notice>
        )}
        {member.is_you && <Notice tone="info">{t("people.roleOwn")}</Notice>}
        <CardsField
          form={form}
          name="role"
          label={t("people.role")}
          options={roleOptions(workspace.role === "owner")}
        />
      </FormFrame>
    </Modal>
  );
}
