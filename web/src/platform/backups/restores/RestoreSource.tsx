import { Select } from "@mantine/core";
import type { Backup } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { isThere, levelOf } from "../rules";
import { levelName, momentOf } from "../words";

export interface Source {
  readonly backup: Backup;
  /** The copy that is read; null: the first that can be had. */
  readonly target: string | null;
}

interface Props {
  readonly backups: readonly Backup[];
  readonly source: Source;
  readonly onChange: (source: Source) => void;
}

/** Which backup, and which copy of it where there are several. */
export function RestoreSource({ backups, source, onChange }: Props) {
  const format = useFormat();
  const copies = source.backup.copies.filter((copy) => copy.state === "there");
  const usable = backups.filter(isThere);
  return (
    <>
      <Select
        label={t("restore.backup")}
        data={usable.map((one) => ({
          value: one.id,
          label: `${format.dateTime(momentOf(one))}, ${levelName(levelOf(one))}`,
        }))}
        value={source.backup.id}
        allowDeselect={false}
        onChange={(id) => {
          const backup = usable.find((one) => one.id === id);
          if (backup) onChange({ backup, target: null });
        }}
      />
      {copies.length > 1 && (
        <Select
          label={t("restore.copy")}
          data={copies.map((copy) => ({ value: copy.target_id, label: copy.target_name }))}
          value={source.target}
          clearable
          clearButtonProps={{ "aria-label": t("ui.clear") }}
          placeholder={t("restore.anyCopy")}
          onChange={(target) => onChange({ ...source, target })}
        />
      )}
    </>
  );
}
