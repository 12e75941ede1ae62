import type { BackupCopy } from "@/api/types";
import { t, tDynamic, useFormat } from "@/i18n";
import { RowEntry, RowList } from "@/ui/RowList";
import { Tag, type TagTone } from "@/ui/Tag";
import classes from "./backups.module.css";

const TONES: Readonly<Record<string, TagTone>> = {
  waiting: "info",
  there: "good",
  failed: "danger",
};

/** Where a backup lies, or is to lie. */
export function Copies({ copies }: { readonly copies: readonly BackupCopy[] }) {
  return (
    <div>
      <h3 className={classes.subtitle}>{t("backups.copies")}</h3>
      <RowList label={t("backups.copies")}>
        {copies.map((copy) => (
          <CopyRow key={copy.target_id} copy={copy} />
        ))}
      </RowList>
    </div>
  );
}

function CopyRow({ copy }: { readonly copy: BackupCopy }) {
  const format = useFormat();
  const { state, detail, checked_at: checked, next_try_at: next } = copy;
  const times = [
    checked && t("backups.copyChecked", { when: format.when(checked) }),
    next && t("backups.copyNext", { when: format.dateTime(next) }),
  ];
  return (
    <RowEntry
      title={copy.target_name}
      tags={<Tag tone={TONES[state] ?? "plain"}>{tDynamic(`backups.copy.${state}`, state)}</Tag>}
      line={
        <>
          {times.filter(Boolean).join(" · ")}
          {detail && <div lang="en">{detail}</div>}
        </>
      }
    />
  );
}
