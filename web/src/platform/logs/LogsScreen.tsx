import { Button, Switch } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconDownload, IconFileText } from "@tabler/icons-react";
import { useCallback, useMemo, useRef, useState } from "react";
import type { LogLine } from "@/api/types";
import { t } from "@/i18n";
import { FilterBar, FilterChip, SearchBox } from "@/ui/FilterChips";
import { Page } from "@/ui/Page";
import { ProblemAlert } from "@/ui/ProblemAlert";
import { saveText } from "@/ui/saveFile";
import { WithPanel } from "@/ui/SidePanel";
import { StateBlock } from "@/ui/StateBlock";
import { DataTable, PhoneRow, type Column, type TableHandle } from "@/ui/table";
import { When } from "@/ui/values";
import { useMe } from "../identity/queries";
import { LevelTag, levelChoices } from "./LevelTag";
import { LogPanel } from "./LogPanel";
import { LOG_KINDS, LOG_LEVELS, logQuery, type LogFilter } from "./queries";
import { useLive } from "./useLive";
import classes from "./logs.module.css";

/** What the box wrote into its log, searched and watched as it comes. */
export function LogsScreen() {
  const me = useMe();
  const filter = useSearch({ from: "/frame/box/logs" });
  const navigate = useNavigate({ from: "/box/logs" });
  const table = useRef<TableHandle>(null);
  const [isLive, setLive] = useState(false);
  const [shown, setShown] = useState<LogLine | null>(null);
  const list = useInfiniteQuery({ ...logQuery(filter), enabled: me.is_operator });
  const read = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const live = useLive(filter, list.data ? (read[0]?.number ?? 0) : null, isLive);
  const rows = useMemo(() => [...live.lines, ...read], [live.lines, read]);
  const narrow = useCallback(
    (change: { readonly [Key in keyof LogFilter]: LogFilter[Key] | undefined }) => {
      setShown(null);
      void navigate({ search: (before) => given({ ...before, ...change }), replace: true });
    },
    [navigate],
  );
  return (
    <Page
      title={t("logs.title")}
      tabTitle={t("logs.title")}
      subtitle={t("logs.lead")}
      layout="fill"
      actions={me.is_operator && <Acts rows={rows} isLive={isLive} onLive={setLive} />}
    >
      <WithPanel
        panel={
          shown && (
            <LogPanel
              key={shown.number}
              line={shown}
              onClose={() => {
                setShown(null);
                table.current?.focus();
              }}
              onRequest={filter.request ? null : (request) => narrow({ request, q: undefined })}
            />
          )
        }
      >
        {me.is_operator && <Filters filter={filter} onNarrow={narrow} />}
        {live.error !== null && <ProblemAlert error={live.error} />}
        <DataTable
          ref={table}
          label={t("logs.title")}
          columns={COLUMNS}
          rows={rows}
          rowKey={(row) => String(row.number)}
          rowVersion={() => ""}
          scope={JSON.stringify(filter)}
          phoneRow={(row) => (
            <PhoneRow
              title={row.message}
              value={<LevelTag level={row.level} />}
              line={row.request_id ?? ""}
              aside={<When at={row.at} />}
            />
          )}
          isLoading={list.isPending && me.is_operator}
          error={list.error}
          isForbidden={!me.is_operator}
          empty={
            <StateBlock icon={IconFileText} title={t("logs.empty")} text={t("logs.emptyText")} />
          }
          onRetry={() => void list.refetch()}
          selected={shown ? String(shown.number) : null}
          onSelect={setShown}
          onOpen={setShown}
          hasMore={list.hasNextPage && !list.isFetchingNextPage}
          onMore={() => void list.fetchNextPage()}
        />
      </WithPanel>
    </Page>
  );
}

/** The filter without what is not asked. */
function given(filter: { readonly [Key in keyof LogFilter]: LogFilter[Key] | undefined }) {
  const { q, level, kind, request } = filter;
  return {
    ...(q ? { q } : {}),
    ...(level ? { level } : {}),
    ...(kind ? { kind } : {}),
    ...(request ? { request } : {}),
  };
}

function Acts({
  rows,
  isLive,
  onLive,
}: {
  readonly rows: readonly LogLine[];
  readonly isLive: boolean;
  readonly onLive: (isLive: boolean) => void;
}) {
  const save = () =>
    saveText("holdfast-log.ndjson", rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return (
    <div className={classes.acts}>
      <Switch
        label={t("logs.live")}
        checked={isLive}
        onChange={(event) => onLive(event.currentTarget.checked)}
      />
      <Button
        variant="default"
        disabled={rows.length === 0}
        leftSection={<IconDownload size={16} aria-hidden />}
        onClick={save}
      >
        {t("logs.save")}
      </Button>
    </div>
  );
}

function Filters({
  filter,
  onNarrow,
}: {
  readonly filter: LogFilter;
  readonly onNarrow: (change: {
    readonly [Key in keyof LogFilter]: LogFilter[Key] | undefined;
  }) => void;
}) {
  const onSearch = useCallback((q: string) => onNarrow({ q: q || undefined }), [onNarrow]);
  return (
    <FilterBar
      search={<SearchBox value={filter.q ?? ""} label={t("logs.search")} onChange={onSearch} />}
    >
      <FilterChip
        label={t("logs.level")}
        value={filter.level ?? null}
        options={levelChoices()}
        onChange={(value) => onNarrow({ level: LOG_LEVELS.find((one) => one === value) })}
      />
      <FilterChip
        label={t("logs.kind")}
        value={filter.kind ?? null}
        options={LOG_KINDS.map((value) => ({ value, label: t(`logs.kind.${value}`) }))}
        onChange={(value) => onNarrow({ kind: LOG_KINDS.find((one) => one === value) })}
      />
      {filter.request && (
        <FilterChip
          label={t("logs.request")}
          value={filter.request}
          options={[{ value: filter.request, label: filter.request }]}
          onChange={(value) => onNarrow({ request: value ?? undefined })}
        />
      )}
    </FilterBar>
  );
}

const COLUMNS: readonly Column<LogLine>[] = [
  {
    id: "at",
    header: t("logs.at"),
    width: "170px",
    cell: (row) => <When at={row.at} />,
  },
  {
    id: "level",
    header: t("logs.level"),
    width: "104px",
    cell: (row) => <LevelTag level={row.level} />,
  },
  {
    id: "message",
    header: t("logs.message"),
    width: "minmax(260px, 3fr)",
    cell: (row) => (
      <span className="hf-clip" title={row.message} lang="en">
        {row.message}
      </span>
    ),
  },
  {
    id: "request",
    header: t("logs.request"),
    width: "minmax(140px, 1fr)",
    cell: (row) => <span className="hf-mono hf-clip">{row.request_id ?? ""}</span>,
  },
];
