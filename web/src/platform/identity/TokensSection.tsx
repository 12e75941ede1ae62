import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { newKey } from "@/api/client";
import type { Token } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Confirm } from "@/ui/Confirm";
import { CopyText } from "@/ui/CopyText";
import { ChoiceField, FieldRow, FormFrame, TextField, useForm } from "@/ui/form";
import { Notice } from "@/ui/Notice";
import { Section } from "@/ui/Page";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { SkeletonLines } from "@/ui/Skeleton";
import { createToken, deleteToken, tokensQuery, useMe } from "./queries";
import classes from "./tokens.module.css";

const DAYS = [7, 30, 90, 365];
const EVERYWHERE = "all";

export function TokensSection() {
  const me = useMe();
  const client = useQueryClient();
  const tokens = useQuery(tokensQuery);
  const [made, setMade] = useState<string | null>(null);
  const [doomed, setDoomed] = useState<Token | null>(null);
  const empty = { name: "", days: "90", workspace: EVERYWHERE };
  const form = useForm<{ name: string; days: string | null; workspace: string | null }>({
    initial: empty,
    newKey,
    validate: (values) => ({ name: values.name.trim() ? null : t("form.needed") }),
    send: async (values, key) => {
      const where =
        values.workspace && values.workspace !== EVERYWHERE
          ? { workspace_id: values.workspace }
          : {};
      const token = await createToken(
        { name: values.name.trim(), expires_in_days: Number(values.days), ...where },
        key,
      );
      setMade(token.token ?? null);
      form.reset(empty);
      await client.invalidateQueries({ queryKey: tokensQuery.queryKey });
    },
  });
  return (
    <Section title={t("profile.tokens")}>
      <p className="hf-dim" style={{ marginTop: 0 }}>
        {t("profile.tokens.lead")}
      </p>
      {tokens.error ? (
        <ProblemAlert error={tokens.error} onRetry={() => void tokens.refetch()} />
      ) : null}
      {tokens.isPending ? (
        <SkeletonLines count={2} />
      ) : (
        <TokenList tokens={tokens.data?.items ?? []} onRemove={setDoomed} />
      )}
      {made && (
        <div style={{ margin: "12px 0", display: "grid", gap: 8 }}>
          <Notice tone="caution">{t("profile.tokens.made")}</Notice>
          <CopyText text={made} label={t("profile.tokens")} />
        </div>
      )}
      <div style={{ marginTop: 14 }}>
        <FormFrame
          hasHint={false}
          form={form}
          label={t("profile.tokens")}
          submitLabel={t("profile.tokens.create")}
        >
          <TextField form={form} name="name" label={t("profile.tokens.name")} maxLength={80} />
          <FieldRow>
            <ChoiceField
              form={form}
              name="days"
              path="expires_in_days"
              label={t("profile.tokens.days")}
              data={DAYS.map((days) => ({
                value: String(days),
                label: t("profile.tokens.day", { count: days }),
              }))}
            />
            <ChoiceField
              form={form}
              name="workspace"
              path="workspace_id"
              label={t("profile.tokens.where")}
              data={[
                { value: EVERYWHERE, label: t("profile.tokens.everywhere") },
                ...me.workspaces.map((one) => ({ value: one.id, label: one.name })),
              ]}
            />
          </FieldRow>
        </FormFrame>
      </div>
      <Confirm
        opened={doomed !== null}
        title={t("profile.tokens.removeTitle", { name: doomed?.name ?? "" })}
        confirmLabel={t("profile.tokens.remove")}
        onClose={() => setDoomed(null)}
        onConfirm={async () => {
          if (doomed) await deleteToken(doomed.id);
          await client.invalidateQueries({ queryKey: tokensQuery.queryKey });
          setDoomed(null);
        }}
      >
        {t("profile.tokens.removeBody")}
      </Confirm>
    </Section>
  );
}

function TokenList({
  tokens,
  onRemove,
}: {
  readonly tokens: readonly Token[];
  readonly onRemove: (token: Token) => void;
}) {
  const format = useFormat();
  if (tokens.length === 0)
    return (
      <p className="hf-dim" style={{ margin: 0 }}>
        {t("profile.tokens.empty")}
      </p>
    );
  return (
    <ul className={classes.list}>
      {tokens.map((token) => (
        <li key={token.id} className={classes.token}>
          <div className={classes.about}>
            <bdi className={classes.name}>{token.name}</bdi>
            <span className="hf-dim">
              {t("profile.tokens.expires", { date: format.date(token.expires_at) })}
              {" · "}
              {token.last_used_at
                ? t("profile.tokens.used", { when: format.when(token.last_used_at) })
                : t("profile.tokens.unused")}
            </span>
          </div>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => onRemove(token)}
            aria-label={`${t("profile.tokens.remove")}: ${token.name}`}
          >
            {t("profile.tokens.remove")}
          </Button>
        </li>
      ))}
    </ul>
  );
}
