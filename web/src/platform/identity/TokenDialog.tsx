import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { newKey } from "@/api/client";
import type { Me, TokenRequest } from "@/api/types";
import { t, tDynamic } from "@/i18n";
import { CopyText } from "@/ui/CopyText";
import { Dialog } from "@/ui/Dialog";
import { CardsField, ChecksField, ChoiceField, FieldRow, FormFrame } from "@/ui/form";
import { TextField, useForm } from "@/ui/form";
import { SecretDialog, SecretUse } from "@/ui/SecretDialog";
import { createToken, tokensQuery, useMe } from "./queries";
import { permissionsOf, SCOPES, type Scope } from "./tokenScope";

const DAYS = [7, 30, 90, 365];
const EVERYWHERE = "all";

/** Asks what the token is for, then shows it once. */
export function TokenDialog({ onClose }: { readonly onClose: () => void }) {
  const [made, setMade] = useState<{ name: string; token: string } | null>(null);
  if (made)
    return (
      <SecretDialog
        title={t("account.tokens.madeTitle", { name: made.name })}
        warning={t("account.tokens.made")}
        onClose={onClose}
      >
        <CopyText text={made.token} label={made.name} />
        <SecretUse label={t("account.tokens.use")} code="Authorization: Bearer hfp_…" />
      </SecretDialog>
    );
  return (
    <Dialog isWork title={t("account.tokens.newTitle")} onClose={onClose}>
      <TokenForm onMade={setMade} onCancel={onClose} />
    </Dialog>
  );
}

interface Values {
  readonly name: string;
  readonly days: string | null;
  readonly workspace: string | null;
  readonly scope: Scope;
  readonly permissions: readonly string[];
}

function TokenForm({
  onMade,
  onCancel,
}: {
  readonly onMade: (made: { name: string; token: string }) => void;
  readonly onCancel: () => void;
}) {
  const me = useMe();
  const client = useQueryClient();
  const form = useForm<Values>({
    initial: { name: "", days: "90", workspace: EVERYWHERE, scope: "all", permissions: [] },
    newKey,
    validate: (values) => ({
      name: values.name.trim() ? null : t("form.needed"),
      permissions:
        values.scope === "some" && chosen(me, values).length === 0
          ? t("account.tokens.permissionsNeeded")
          : null,
    }),
    send: async (values, key) => {
      const { name, token } = await createToken(requestOf(me, values), key);
      await client.invalidateQueries({ queryKey: tokensQuery.queryKey });
      onMade({ name, token: token ?? "" });
    },
  });
  const mine = permissionsOf(me, workspaceOf(form.values));
  return (
    <FormFrame
      hasHint={false}
      form={form}
      label={t("account.tokens.newTitle")}
      submitLabel={t("account.tokens.create")}
      onCancel={onCancel}
    >
      <TextField
        form={form}
        name="name"
        label={t("account.tokens.name")}
        placeholder={t("account.tokens.nameHint")}
        maxLength={80}
        autoFocus
      />
      <FieldRow>
        <ChoiceField
          form={form}
          name="days"
          path="expires_in_days"
          label={t("account.tokens.days")}
          data={DAYS.map((days) => ({
            value: String(days),
            label: t("account.tokens.day", { count: days }),
          }))}
        />
        <ChoiceField
          form={form}
          name="workspace"
          path="workspace_id"
          label={t("account.tokens.where")}
          data={[
            { value: EVERYWHERE, label: t("account.tokens.everywhere") },
            ...me.workspaces.map((one) => ({ value: one.id, label: one.name })),
          ]}
        />
      </FieldRow>
      <CardsField
        form={form}
        name="scope"
        label={t("account.tokens.scope")}
        options={SCOPES.map((scope) => ({
          value: scope,
          label: t(`account.tokens.scope.${scope}`),
          text: t(`account.tokens.scope.${scope}Text`),
        }))}
      />
      {form.values.scope === "some" && (
        <ChecksField
          form={form}
          name="permissions"
          label={t("account.tokens.permissions")}
          options={mine.map((id) => ({ value: id, label: tDynamic(`permission.${id}`, id) }))}
        />
      )}
    </FormFrame>
  );
}

function workspaceOf(values: Values): string | null {
  return values.workspace === EVERYWHERE ? null : values.workspace;
}

/** What is ticked and still there after another workspace was chosen. */
function chosen(me: Me, values: Values): string[] {
  return permissionsOf(me, workspaceOf(values)).filter((one) => values.permissions.includes(one));
}

function requestOf(me: Me, values: Values): TokenRequest {
  const workspace = workspaceOf(values);
  const permissions =
    values.scope === "all"
      ? null
      : values.scope === "read"
        ? permissionsOf(me, workspace).filter((one) => one.endsWith(".read"))
        : chosen(me, values);
  return {
    name: values.name.trim(),
    expires_in_days: Number(values.days),
    ...(workspace ? { workspace_id: workspace } : {}),
    ...(permissions ? { permissions } : {}),
  };
}
