import { Menu } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import type { RecoveryKit } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { ActionsMenu } from "@/ui/ActionsMenu";
import { AddButton } from "@/ui/AddButton";
import { Section } from "@/ui/Page";
import { RowEntry, RowList } from "@/ui/RowList";
import { Tag } from "@/ui/Tag";
import type { BackupAct } from "./BackupAnswer";

interface Props {
  readonly kits: readonly RecoveryKit[];
  readonly onAct: (act: BackupAct) => void;
}

/** The keys that open backups, as far as the box knows them: never their private halves. */
export function KitsSection({ kits, onAct }: Props) {
  return (
    <Section
      title={t("kit.title")}
      aside={<AddButton label={t("kit.new")} onAdd={() => onAct({ kind: "kit-new" })} />}
    >
      <div className="hf-stack">
        <p className="hf-text">{t("kit.lead")}</p>
        {kits.length === 0 ? (
          <p className="hf-note">{t("kit.none")}</p>
        ) : (
          <RowList label={t("kit.title")}>
            {kits.map((kit) => (
              <KitRow key={kit.id} kit={kit} onAct={onAct} />
            ))}
          </RowList>
        )}
        <p className="hf-note">{t("kit.lost")}</p>
      </div>
    </Section>
  );
}

function KitRow({
  kit,
  onAct,
}: {
  readonly kit: RecoveryKit;
  readonly onAct: (act: BackupAct) => void;
}) {
  const format = useFormat();
  const { name, recipient, created_at: made, confirmed_at: proved, retired_at: retired } = kit;
  const times = [
    t("kit.madeAt", { when: format.when(made) }),
    proved && t("kit.provedAt", { when: format.when(proved) }),
    retired && t("kit.retiredAt", { when: format.when(retired) }),
  ];
  return (
    <RowEntry
      symbol={<IconKey size={20} stroke={1.6} aria-hidden />}
      title={name}
      tags={
        retired ? (
          <Tag>{t("kit.retired")}</Tag>
        ) : proved ? (
          <Tag tone="good">{t("kit.proved")}</Tag>
        ) : (
          <Tag tone="caution">{t("kit.unproved")}</Tag>
        )
      }
      line={
        <>
          {times.filter(Boolean).join(", ")}
          <div className="hf-mono hf-clip" translate="no" title={recipient}>
            {recipient}
          </div>
        </>
      }
      actions={
        <ActionsMenu label={t("kit.actions", { name })}>
          <Menu.Item onClick={() => onAct({ kind: "kit-prove", kit })}>{t("kit.prove")}</Menu.Item>
          {!retired && (
            <Menu.Item onClick={() => onAct({ kind: "kit-retire", kit })}>
              {t("kit.retire")}
            </Menu.Item>
          )}
        </ActionsMenu>
      }
    />
  );
}
