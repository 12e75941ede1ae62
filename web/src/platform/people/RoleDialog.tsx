import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { newKey } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { AuditEntry, Member } from "@/api/types";
import { t } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { CardsField, FormFrame, useForm } from "@/ui/form";
import { Notice } from "@/ui/Notice";
import { toastDone } from "@/ui/toast";
import { actorName } from "../audit/sentence";
import { meQuery, useMe } from "../identity/queries";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { changeRole, lastChangeOf, membersQuery, rolesQuery } from "./queries";
import { roleName, roleOptions } from "./roles";

const STALE = 412;

interface Props {
  readonly member: Member;
  readonly onClose: () => void;
}

/** What somebody else did while this was open; no role when they took the member out. */
interface Meanwhile {
  readonly text: string;
  readonly role: Member["role"] | null;
}

export function RoleDialog({ member, onClose }: Props) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const me = useMe();
  const roles = useQuery(rolesQuery(workspace.id)).data ?? [];
  // A change is based on the role that is shown here, also when the list behind is newer.
  const [base, setBase] = useState(member);
  const [meanwhile, setMeanwhile] = useState<Meanwhile | null>(null);
  const { queryKey, queryFn } = membersQuery(workspace.id);

  const reload = async () => {
    const [{ members }, entry] = await Promise.all([
      client.fetchQuery({ queryKey, queryFn, staleTime: 0 }),
      lastChangeOf(workspace.id, member.user_id),
    ]);
    const now = members.find((one) => one.user_id === member.user_id) ?? null;
    if (now) setBase(now);
    setMeanwhile({ text: meanwhileText(member, now, entry, me.id), role: now?.role ?? null });
  };
  const form = useForm<{ role: Member["role"] }>({
    initial: { role: member.role },
    newKey,
    send: async ({ role }) => {
      setMeanwhile(null);
      try {
        const changed = await changeRole(workspace.id, base, role);
        toastDone(t("people.roleSaved", { name: changed.name, role: roleName(changed) }));
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
  const lookAgain = (role: Member["role"]) => {
    form.reset({ role });
    setMeanwhile(null);
  };
  return (
    <Dialog onClose={onClose} title={t("people.roleTitle", { name: member.name })}>
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
            {meanwhile.text}
            {meanwhile.role && <LookAgain role={meanwhile.role} onChoose={lookAgain} />}
          </Notice>
        )}
        {member.is_you && <Notice tone="info">{t("people.roleOwn")}</Notice>}
        <CardsField form={form} name="role" label={t("people.role")} options={roleOptions(roles)} />
      </FormFrame>
    </Dialog>
  );
}

function LookAgain({
  role,
  onChoose,
}: {
  readonly role: Member["role"];
  readonly onChoose: (role: Member["role"]) => void;
}) {
  return (
    <div>
      <Button size="xs" variant="default" mt={8} onClick={() => onChoose(role)}>
        {t("people.lookAgain")}
      </Button>
    </div>
  );
}

/** Says who did it where the log says so. */
function meanwhileText(
  { name }: Member,
  now: Member | null,
  entry: AuditEntry | null,
  myId: string,
): string {
  const who = entry && actorName(entry, myId);
  if (!now) return who ? t("people.roleGoneBy", { who, name }) : t("people.roleGone", { name });
  const words = { name, role: roleName(now) };
  return who
    ? t("people.roleMeanwhileBy", { ...words, who })
    : t("people.roleMeanwhileText", words);
}
