import { Button, Table } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { UpdateEntry } from "@/api/types";
import { t, tDynamic, useFormat, type Formatter } from "@/i18n";
import { Dialog } from "@/ui/Dialog";
import { DialogFoot } from "@/ui/DialogFoot";
import { Facts } from "@/ui/Facts";
import { MoreButton } from "@/ui/MoreButton";
import { Notice } from "@/ui/Notice";
import { Section } from "@/ui/Page";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { RowEntry, RowList } from "@/ui/RowList";
import { SkeletonLines } from "@/ui/Skeleton";
import { Tag } from "@/ui/Tag";
import { spanText } from "../jobs/words";
import { historyQuery } from "./queries";
import { outcomeTone, short } from "./rules";
import classes from "./updates.module.css";

/** What was tried, the newest first, each with everything that is known of it. */
export function History() {
  const list = useInfiniteQuery(historyQuery);
  const [shown, setShown] = useState<UpdateEntry | null>(null);
  const rows = list.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Section title={t("updates.history")}>
      {list.isPending ? (
        <SkeletonLines count={3} />
      ) : list.error ? (
        <ProblemAlert error={list.error} onRetry={() => void list.refetch()} />
      ) : rows.length === 0 ? (
        <p className="hf-text hf-dim">{t("updates.historyNone")}</p>
      ) : (
        <RowList label={t("updates.history")}>
          {rows.map((entry) => (
            <Row key={entry.id} entry={entry} onShow={() => setShown(entry)} />
          ))}
        </RowList>
      )}
      <MoreButton of={list} />
      {shown && <Details entry={shown} onClose={() => setShown(null)} />}
    </Section>
  );
}

function titleOf(entry: UpdateEntry): string {
  const versions = { from: entry.from.version, to: entry.to.version };
  return tDynamic(`updates.kind.${entry.kind}`, entry.kind, versions);
}

function outcomeOf(entry: UpdateEntry): string {
  return tDynamic(`updates.outcome.${entry.outcome ?? "open"}`, entry.outcome ?? "");
}

function Row({ entry, onShow }: { readonly entry: UpdateEntry; readonly onShow: () => void }) {
  const format = useFormat();
  return (
    <RowEntry
      title={titleOf(entry)}
      tags={<Tag tone={outcomeTone(entry)}>{outcomeOf(entry)}</Tag>}
      line={
        <>
          {format.dateTime(entry.finished_at ?? entry.requested_at)}
          {entry.reason && (
            <>
              <br />
              {takenBack(entry) ?? <span lang="en">{entry.reason.detail}</span>}
            </>
          )}
        </>
      }
      actions={
        <Button
          size="compact-sm"
          variant="default"
          aria-label={t("updates.showOf", { what: titleOf(entry) })}
          onClick={onShow}
        >
          {t("updates.show")}
        </Button>
      }
    />
  );
}

/** By whom an update was taken back while it was watched; null where nobody did that. */
function takenBack(entry: UpdateEntry): string | null {
  const { taken_back_as: as, taken_back_by_name: name } = entry;
  if (!as) return null;
  return t("updates.takenBack", { who: name ?? tDynamic(`updates.by.${as}`, as) });
}

function byAt(
  format: Formatter,
  name: string | null | undefined,
  as: string | null | undefined,
  at: string | null | undefined,
): string | null {
  if (!at) return null;
  const who = name ?? tDynamic(`updates.by.${as ?? ""}`, as ?? "");
  return t("updates.byAt", { who, at: format.dateTime(at) });
}

function Details({
  entry,
  onClose,
}: {
  readonly entry: UpdateEntry;
  readonly onClose: () => void;
}) {
  const format = useFormat();
  const fact = (label: string, value: string | null) => (value ? { label, value } : null);
  const { requested_by_name: asker, requested_as: askedAs, requested_at: askedAt } = entry;
  const { confirmed_by_name: judge, confirmed_as: judgedAs, confirmed_at: judgedAt } = entry;
  const key = (text: string) => <span className={classes.key}>{text}</span>;
  return (
    <Dialog size="lg" title={titleOf(entry)} onClose={onClose}>
      <div className="hf-stack">
        {entry.reason && (
          <Notice tone={entry.outcome === "failed" ? "danger" : "caution"} title={t("updates.why")}>
            {takenBack(entry) ?? <span lang="en">{entry.reason.detail}</span>}{" "}
            {key(entry.reason.code)}
          </Notice>
        )}
        <Facts
          facts={[
            fact(t("updates.requested"), byAt(format, asker, askedAs, askedAt)),
            fact(t("updates.confirmedBy"), byAt(format, judge, judgedAs, judgedAt)),
            fact(t("updates.ended"), entry.finished_at ? format.dateTime(entry.finished_at) : null),
            fact(t("updates.channel"), tDynamic(`updates.channel.${entry.channel}`, entry.channel)),
            entry.signers.length > 0
              ? { label: t("updates.signers"), value: key(entry.signers.map(short).join(", ")) }
              : null,
            entry.plan_digest
              ? { label: t("updates.digest"), value: key(entry.plan_digest) }
              : null,
            entry.backup_id ? { label: t("updates.backup"), value: key(entry.backup_id) } : null,
          ]}
        />
        {entry.states.length > 0 && <Parts entry={entry} />}
        <DialogFoot onClose={onClose} />
      </div>
    </Dialog>
  );
}

function Parts({ entry }: { readonly entry: UpdateEntry }) {
  const format = useFormat();
  return (
    <div className={classes.scroll} tabIndex={0} role="group" aria-label={t("updates.steps")}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">{t("updates.part")}</Table.Th>
            <Table.Th scope="col">{t("updates.began")}</Table.Th>
            <Table.Th scope="col">{t("updates.took")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {entry.states.map((part, at) => (
            <Table.Tr key={at}>
              <Table.Td>{tDynamic(`updates.state.${part.state}`, part.state)}</Table.Td>
              <Table.Td>{format.dateTime(part.began_at)}</Table.Td>
              <Table.Td className="hf-number">{spanText(part.duration_ms)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
