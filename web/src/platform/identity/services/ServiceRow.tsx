import { Menu } from "@mantine/core";
import { IconRobot } from "@tabler/icons-react";
import type { ServiceAccount } from "@/api/types";
import { t, tDynamic, useFormat } from "@/i18n";
import { ActionsMenu } from "@/ui/ActionsMenu";
import { RowEntry } from "@/ui/RowList";
import { Tag } from "@/ui/Tag";
import { useMe } from "../queries";
import type { Act } from "./ServiceAnswer";

interface Props {
  readonly account: ServiceAccount;
  readonly namesPlace: boolean;
  readonly onAct: (act: Act) => void;
}

export function ServiceRow({ account, namesPlace, onAct }: Props) {
  const me = useMe();
  const format = useFormat();
  const place = account.workspace_id
    ? (me.workspaces.find((one) => one.id === account.workspace_id)?.name ??
      t("service.otherPlace"))
    : t("service.box");
  const parts = [
    namesPlace ? place : "",
    account.last_used_at
      ? t("service.used", {
          when: format.when(account.last_used_at),
          address: account.last_used_from ?? "",
        })
      : t("service.unused"),
    account.allow_cidrs.length > 0
      ? t("service.from", { addresses: account.allow_cidrs.join(", ") })
      : t("service.anywhere"),
    account.has_secret ? t("service.hasSecret") : "",
    account.keys.length > 0 ? t("service.keyCount", { count: account.keys.length }) : "",
  ];
  return (
    <RowEntry
      symbol={<IconRobot size={20} stroke={1.6} aria-hidden />}
      title={account.name}
      tags={account.disabled && <Tag tone="caution">{t("service.off")}</Tag>}
      line={
        <>
          <span title={account.permissions.map(permissionName).join("\n")}>
            {t("account.tokens.can", { count: account.permissions.length })}
          </span>
          {" · "}
          <bdi>{parts.filter(Boolean).join(" · ")}</bdi>
        </>
      }
      actions={
        <ActionsMenu label={t("service.actions", { name: account.name })}>
          <Menu.Item onClick={() => onAct({ kind: "edit", account })}>
            {t("service.edit")}
          </Menu.Item>
          <Menu.Item onClick={() => onAct({ kind: "keys", account })}>
            {t("service.keys")}
          </Menu.Item>
          <Menu.Item onClick={() => onAct({ kind: "secret", account })}>
            {t("service.renew")}
          </Menu.Item>
          <Menu.Item onClick={() => onAct({ kind: "turn", account })}>
            {t(account.disabled ? "service.enable" : "service.disable")}
          </Menu.Item>
          <Menu.Item onClick={() => onAct({ kind: "delete", account })}>
            {t("service.delete")}
          </Menu.Item>
        </ActionsMenu>
      }
    />
  );
}

export function permissionName(id: string): string {
  return tDynamic(`permission.${id}`, id);
}
