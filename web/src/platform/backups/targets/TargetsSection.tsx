import { Menu } from "@mantine/core";
import {
  IconBrandOnedrive,
  IconBucket,
  IconCloud,
  IconFolder,
  IconTerminal2,
} from "@tabler/icons-react";
import type { BackupTarget } from "@/api/types";
import { t, tDynamic } from "@/i18n";
import { ActionsMenu } from "@/ui/ActionsMenu";
import { AddButton } from "@/ui/AddButton";
import { Section } from "@/ui/Page";
import { RowEntry, RowList } from "@/ui/RowList";
import { Tag } from "@/ui/Tag";
import { LastTry } from "../../notices/box/LastTry";
import type { BackupAct } from "../BackupAnswer";
import { kindOf, placeOf } from "./kinds";

interface Props {
  readonly targets: readonly BackupTarget[];
  readonly onAct: (act: BackupAct) => void;
}

/** Where backups go, and how reaching each place ended last. */
export function TargetsSection({ targets, onAct }: Props) {
  return (
    <Section
      title={t("target.title")}
      aside={<AddButton label={t("target.new")} onAdd={() => onAct({ kind: "target-new" })} />}
    >
      <div className="hf-stack">
        <p className="hf-text">{t("target.lead")}</p>
        {targets.length === 0 ? (
          <p className="hf-note">{t("target.none")}</p>
        ) : (
          <RowList label={t("target.title")}>
            {targets.map((one) => (
              <TargetRow key={one.id} target={one} onAct={onAct} />
            ))}
          </RowList>
        )}
      </div>
    </Section>
  );
}

const ACTS = ["target-test", "target-edit", "target-sign-in", "target-remove"] as const;
const ICONS = {
  folder: IconFolder,
  s3: IconBucket,
  sftp: IconTerminal2,
  webdav: IconCloud,
  onedrive: IconBrandOnedrive,
};

function TargetRow({
  target,
  onAct,
}: {
  readonly target: BackupTarget;
  readonly onAct: (act: BackupAct) => void;
}) {
  const { name, kind, last } = target;
  const Symbol = ICONS[kindOf(kind)];
  const acts = ACTS.filter((act) => act !== "target-sign-in" || kind === "onedrive");
  const labels = {
    "target-test": t("target.test"),
    "target-edit": t("target.edit"),
    "target-sign-in": t("target.signIn"),
    "target-remove": t("target.remove"),
  };
  return (
    <RowEntry
      symbol={<Symbol size={20} stroke={1.6} aria-hidden />}
      title={name}
      tags={
        <>
          <Tag>{tDynamic(`target.kind.${kind}`, kind)}</Tag>
          {target.can_delete === false && <Tag tone="info">{t("target.appendOnlyTag")}</Tag>}
        </>
      }
      line={
        <>
          <span className="hf-mono" translate="no">
            {placeOf(target)}
          </span>
          {last ? <LastTry last={last} /> : <div>{t("target.untried")}</div>}
        </>
      }
      actions={
        <ActionsMenu label={t("target.actions", { name })}>
          {acts.map((act) => (
            <Menu.Item key={act} onClick={() => onAct({ kind: act, target })}>
              {labels[act]}
            </Menu.Item>
          ))}
        </ActionsMenu>
      }
    />
  );
}
