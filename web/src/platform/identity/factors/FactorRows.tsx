import { Button } from "@mantine/core";
import { IconDeviceMobile, IconListNumbers } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { MyFactors } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { RowEntry, RowList } from "@/ui/RowList";
import { Tag } from "@/ui/Tag";

export type FactorAction = "totp" | "new-codes" | "remove-totp";

interface Props {
  readonly factors: MyFactors;
  readonly onAct: (action: FactorAction) => void;
}

/** Each factor with what can be done about it. */
export function FactorRows({ factors, onAct }: Props) {
  const format = useFormat();
  const { totp } = factors;
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
