import { Button, Menu } from "@mantine/core";
import { IconDeviceMobile, IconFingerprint, IconListNumbers } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { MyFactors, Passkey } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { ActionsMenu } from "@/ui/ActionsMenu";
import { RowEntry, RowList } from "@/ui/RowList";
import { Tag } from "@/ui/Tag";

export type FactorAction =
  | "totp"
  | "passkey"
  | "new-codes"
  | "remove-totp"
  | { readonly kind: "rename" | "remove"; readonly passkey: Passkey };

interface Props {
  readonly factors: MyFactors;
  readonly onAct: (action: FactorAction) => void;
}

/** Each factor with what can be done about it. */
export function FactorRows({ factors, onAct }: Props) {
  const format = useFormat();
  const { totp, passkeys } = factors;
  return (
    <RowList label={t("mfa.title")}>
      <RowEntry
        symbol={<IconDeviceMobile size={20} stroke={1.6} aria-hidden />}
        title={t("totp.name")}
        tags={totp.enabled && <Tag tone="good">{t("mfa.on")}</Tag>}
        line={
          totp.enabled && totp.since
            ? t("totp.since", { date: format.date(totp.since) })
            : t("totp.about")
        }
        actions={
          totp.enabled ? (
            <Small onClick={() => onAct("remove-totp")} label={t("totp.removeOf")}>
              {t("mfa.remove")}
            </Small>
          ) : (
            <Button size="compact-sm" onClick={() => onAct("totp")}>
              {t("mfa.setUp")}
            </Button>
          )
        }
      />
      {passkeys.map((one) => (
        <PasskeyRow key={one.id} passkey={one} onAct={onAct} />
      ))}
      <RowEntry
        symbol={<IconFingerprint size={20} stroke={1.6} aria-hidden />}
        title={passkeys.length > 0 ? t("passkey.another") : t("passkey.kind")}
        line={t("passkey.about")}
        actions={
          <Small onClick={() => onAct("passkey")} label={t("passkey.addOf")}>
            {t("passkey.add")}
          </Small>
        }
      />
      {factors.enrolled && (
        <RowEntry
          symbol={<IconListNumbers size={20} stroke={1.6} aria-hidden />}
          title={t("backup.title")}
          line={t("backup.left", { count: factors.backup_codes_left })}
          actions={<Small onClick={() => onAct("new-codes")}>{t("backup.new")}</Small>}
        />
      )}
    </RowList>
  );
}

function PasskeyRow({
  passkey,
  onAct,
}: {
  readonly passkey: Passkey;
  readonly onAct: Props["onAct"];
}) {
  const format = useFormat();
  const { created_at, last_used_at, stopped_at } = passkey;
  const used = last_used_at
    ? t("passkey.used", { when: format.when(last_used_at) })
    : t("passkey.unused");
  return (
    <RowEntry
      symbol={<IconFingerprint size={20} stroke={1.6} aria-hidden />}
      title={passkey.name}
      tags={
        <Tag tone={stopped_at ? "caution" : "good"}>
          {t(stopped_at ? "passkey.stopped" : "passkey.kind")}
        </Tag>
      }
      line={
        stopped_at
          ? t("passkey.stoppedLine", { when: format.when(stopped_at) })
          : `${t("passkey.since", { date: format.date(created_at) })} · ${used}`
      }
      actions={
        <ActionsMenu label={t("passkey.actions", { name: passkey.name })}>
          <Menu.Item onClick={() => onAct({ kind: "rename", passkey })}>
            {t("passkey.rename")}
          </Menu.Item>
          <Menu.Item onClick={() => onAct({ kind: "remove", passkey })}>
            {t("mfa.remove")}
          </Menu.Item>
        </ActionsMenu>
      }
    />
  );
}

function Small({
  onClick,
  label,
  children,
}: {
  readonly onClick: () => void;
  readonly label?: string;
  readonly children: ReactNode;
}) {
  return (
    <Button size="compact-sm" variant="default" onClick={onClick} aria-label={label}>
      {children}
    </Button>
  );
}
