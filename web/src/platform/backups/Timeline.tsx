import { Button, UnstyledButton } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import type { Backup } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { Section } from "@/ui/Page";
import { LevelTag } from "./LevelTag";
import { levelOf } from "./rules";
import { momentOf, sizeLine } from "./words";
import classes from "./backups.module.css";

interface Props {
  readonly backups: readonly Backup[];
  readonly hasMore: boolean;
  readonly isLoadingMore: boolean;
  readonly onMore: () => void;
  readonly onOpen: (id: string) => void;
}

/** All backups, the newest on top. */
export function Timeline({ backups, hasMore, isLoadingMore, onMore, onOpen }: Props) {
  return (
    <Section title={t("backups.list")}>
      {backups.length === 0 ? (
        <p className="hf-note">{t("backups.none")}</p>
      ) : (
        <ol className={classes.timeline}>
          {backups.map((backup) => (
            <TimelineRow key={backup.id} backup={backup} onOpen={onOpen} />
          ))}
        </ol>
      )}
      {hasMore && (
        <Button variant="default" loading={isLoadingMore} onClick={onMore} mt="sm">
          {t("backups.more")}
        </Button>
      )}
    </Section>
  );
}

function TimelineRow({
  backup,
  onOpen,
}: {
  readonly backup: Backup;
  readonly onOpen: (id: string) => void;
}) {
  const format = useFormat();
  const level = levelOf(backup);
  const date = format.dateTime(momentOf(backup));
  const there = backup.copies.filter((copy) => copy.state === "there");
  const line = [sizeLine(backup, format), there.map((copy) => copy.target_name).join(", ")]
    .filter(Boolean)
    .join(" · ");
  return (
    <li className={classes.moment} data-level={level}>
      <UnstyledButton className={classes.momentButton} onClick={() => onOpen(backup.id)}>
        <span className={classes.momentText}>
          <span className={classes.momentHead}>
            <time dateTime={momentOf(backup)} className="hf-number">
              {date}
            </time>
            <LevelTag level={level} />
          </span>
          {line && <span className="hf-small">{line}</span>}
          {backup.detail && (
            <span className="hf-small" lang="en">
              {backup.detail}
            </span>
          )}
        </span>
        <IconChevronRight size={16} aria-hidden className={classes.chevron} />
      </UnstyledButton>
    </li>
  );
}
