import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { IconKey } from "@tabler/icons-react";
import { useState } from "react";
import type { Token } from "@/api/types";
import { t, tDynamic, useFormat } from "@/i18n";
import { AddButton } from "@/ui/AddButton";
import { Confirm } from "@/ui/Confirm";
import { Loaded } from "@/ui/Loaded";
import { Section } from "@/ui/Page";
import { RowEntry, RowList } from "@/ui/RowList";
import { toastDone } from "@/ui/toast";
import { deleteToken, tokensQuery, useMe } from "./queries";
import { TokenDialog } from "./TokenDialog";
import classes from "./account.module.css";

export function TokensSection() {
  const client = useQueryClient();
  const tokens = useQuery(tokensQuery);
  const [isMaking, setMaking] = useState(false);
  const [doomed, setDoomed] = useState<Token | null>(null);
  const remove = async () => {
    if (doomed) await deleteToken(doomed.id);
    await client.invalidateQueries({ queryKey: tokensQuery.queryKey });
    setDoomed(null);
    toastDone(t("account.tokens.removed"));
  };
  return (
    <Section
      title={t("account.tokens")}
      aside={<AddButton label={t("account.tokens.new")} onAdd={() => setMaking(true)} />}
    >
      <p className={classes.lead}>{t("account.tokens.lead")}</p>
      <Loaded query={tokens} lines={2}>
        {({ items: rows }) =>
          rows.length === 0 ? (
            <p className="hf-note">{t("account.tokens.empty")}</p>
          ) : (
            <RowList label={t("account.tokens")}>
              {rows.map((token) => (
                <TokenRow key={token.id} token={token} onRemove={() => setDoomed(token)} />
              ))}
            </RowList>
          )
        }
      </Loaded>
      {isMaking && <TokenDialog onClose={() => setMaking(false)} />}
      <Confirm
        opened={doomed !== null}
        title={t("account.tokens.removeTitle", { name: doomed?.name ?? "" })}
        confirmLabel={t("account.tokens.remove")}
        onClose={() => setDoomed(null)}
        onConfirm={remove}
      >
        {t("account.tokens.removeBody")}
      </Confirm>
    </Section>
  );
}

function TokenRow({ token, onRemove }: { readonly token: Token; readonly onRemove: () => void }) {
  const me = useMe();
  const format = useFormat();
  const place = me.workspaces.find((one) => one.id === token.workspace_id)?.name;
  const { permissions } = token;
  return (
    <RowEntry
      symbol={<IconKey size={20} stroke={1.6} aria-hidden />}
      title={token.name}
      line={
        <>
          <bdi>{place ?? t("account.tokens.everywhere")}</bdi>
          {" · "}
          {permissions ? (
            <span title={permissions.map(permissionName).join("\n")}>
              {t("account.tokens.can", { count: permissions.length })}
            </span>
          ) : (
            t("account.tokens.scope.all")
          )}
          {" · "}
          {t("account.tokens.expires", { date: format.date(token.expires_at) })}
          {" · "}
          {token.last_used_at
            ? t("account.tokens.used", { when: format.when(token.last_used_at) })
            : t("account.tokens.unused")}
        </>
      }
      actions={
        <Button
          size="compact-sm"
          variant="default"
          onClick={onRemove}
          aria-label={t("account.tokens.removeOf", { name: token.name })}
        >
          {t("account.tokens.remove")}
        </Button>
      }
    />
  );
}

function permissionName(id: string): string {
  return tDynamic(`permission.${id}`, id);
}
