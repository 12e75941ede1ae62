import { Button, UnstyledButton } from "@mantine/core";
import { IconChevronRight } from "@tabler/icons-react";
import { Fragment } from "react";
import type { Backup } from "@/api/types";
import { t, tDynamic, useFormat } from "@/i18n";
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
  const size = sizeLine(backup, format);
  const copies = backup.copies.filter((copy) => copy.state !== "gone");
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
          {(size || copies.length > 0) && (
            <span className="hf-small">
              {size}
              {copies.map((copy) => (
                <Fragment key={copy.target_id}>
                  {" · "}
                  <bdi>{copy.target_name}</bdi>
                  {copy.state !== "there" &&
                    ` (${tDynamic(`backups.copy.${copy.state}`, copy.state)})`}
                </Fragment>
              ))}
            </span>
          )}
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
