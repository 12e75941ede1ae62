import { useQueryClient } from "@tanstack/react-query";
import { newKey } from "@/api/client";
import { asProblem } from "@/api/problem";
import type { Permission, Role } from "@/api/types";
import { t } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { AreaField, ChecksField, FormFrame, TextField, useForm } from "@/ui/form";
import { Notice } from "@/ui/Notice";
import { toastDone } from "@/ui/toast";
import { meQuery } from "../identity/queries";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { makeRole, membersQuery, saveRole } from "./queries";
import { permissionName } from "./RoleTable";

interface Props {
  /** None for a new one. */
  readonly role: Role | null;
  readonly permissions: readonly Permission[];
  readonly onClose: () => void;
}

interface Values {
  readonly name: string;
  readonly description: string;
  readonly permissions: readonly string[];
}

/** Makes a role or changes one. It offers what the person may themselves, and nothing else. */
export function RoleEditor({ role, permissions, onClose }: Props) {
  const workspace = useWorkspace();
  const client = useQueryClient();
  const offered = permissions.filter((one) => one.is_yours && one.goes_with === "choice");
  const title = role ? t("roles.changeTitle", { name: role.name }) : t("roles.newTitle");
  const form = useForm<Values>({
    initial: {
      name: role?.name ?? "",
      description: role?.description ?? "",
      permissions: offered.map((one) => one.id).filter((id) => role?.permissions.includes(id)),
    },
    newKey,
    validate: (values) => ({
      name: values.name.trim() ? null : t("form.needed"),
      permissions: values.permissions.length > 0 ? null : t("roles.permissionsNeeded"),
    }),
    send: async (values, key) => {
      const body = {
        name: values.name.trim(),
        description: values.description.trim(),
        permissions: [...values.permissions],
      };
      try {
        const saved = role
          ? await saveRole(workspace.id, role, body)
          : await makeRole(workspace.id, body, key);
        toastDone(t("roles.saved", { name: saved.name }));
      } catch (error) {
        if (asProblem(error).status === 412) await reload();
        throw error;
      }
      await Promise.all([reload(), client.invalidateQueries({ queryKey: meQuery.queryKey })]);
      onClose();
    },
  });
  const reload = () => client.invalidateQueries({ queryKey: membersQuery(workspace.id).queryKey });
  const needsFactor = offered.some(
    (one) => one.needs_factor && form.values.permissions.includes(one.id),
  );
  return (
    <Dialog onClose={onClose} isWork title={title}>
      <FormFrame
        hasHint={false}
        form={form}
        label={title}
        submitLabel={t("roles.save")}
        onCancel={onClose}
      >
        {role && role.members > 0 && (
          <Notice tone="info">{t("roles.actsAtOnce", { count: role.members })}</Notice>
        )}
        <TextField form={form} name="name" label={t("roles.name")} maxLength={100} autoFocus />
        <AreaField form={form} name="description" label={t("roles.description")} />
        <ChecksField
          form={form}
          name="permissions"
          label={t("roles.permissions")}
          options={offered.map((one) => ({ value: one.id, label: permissionName(one) }))}
        />
        {needsFactor && <Notice tone="info">{t("roles.factorText")}</Notice>}
      </FormFrame>
    </Dialog>
  );
}
