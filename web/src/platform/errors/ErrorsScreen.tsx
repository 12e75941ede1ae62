import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconMoodSmile } from "@tabler/icons-react";
import { useMemo, useRef } from "react";
import type { ErrorGroup } from "@/api/types";
import { t, tDynamic, useFormat } from "@/i18n";
import { FilterBar, FilterChip } from "@/ui/FilterChips";
import { Page } from "@/ui/Page";
import { WithPanel } from "@/ui/SidePanel";
import { StateBlock } from "@/ui/StateBlock";
import { Tag, type TagTone } from "@/ui/Tag";
import { DataTable, PhoneRow, type Column, type TableHandle } from "@/ui/table";
import { When } from "@/ui/values";
import { useMe } from "../identity/queries";
import { useBoxEvents } from "../live/useBoxEvents";
import { ErrorPanel } from "./ErrorPanel";
import { ERROR_KINDS, errorsQuery, type ErrorKind } from "./queries";
import classes from "./errors.module.css";

export interface ErrorsSearch {
  readonly kind?: ErrorKind;
  readonly panel?: string;
}

const LIVE = ["errors"];
const TONES: Readonly<Record<string, TagTone>> = {
  server: "danger",
  panic: "danger",
  browser: "caution",
};

/** What went wrong in the program and its pages, for whoever runs the box. */
export function ErrorsScreen() {
  const me = useMe();
  useBoxEvents(LIVE);
  const { kind, panel } = useSearch({ from: "/frame/box/errors" });
  const navigate = useNavigate({ from: "/box/errors" });
  const format = useFormat();
  const table = useRef<TableHandle>(null);
  const list = useInfiniteQuery({ ...errorsQuery(kind), enabled: me.is_operator });
  const rows = useMemo(() => list.data?.pages.flatMap((page) => page.items) ?? [], [list.data]);
  const shown = rows.find((row) => row.id === panel) ?? null;
  const show = (row: ErrorGroup | null) =>
    void navigate({
      search: { ...(kind ? { kind } : {}), ...(row ? { panel: row.id } : {}) },
      replace: true,
    });
  const columns = useMemo(() => columnsOf((count) => format.integer(count)), [format]);
  return (
    <Page
      title={t("errors.title")}
      tabTitle={t("errors.title")}
      subtitle={t("errors.lead")}
      layout="fill"
    >
      <WithPanel
        panel={
          shown && (
            <ErrorPanel
              key={shown.id}
              group={shown}
              onClose={() => {
                show(null);
                table.current?.focus();
              }}
            />
          )
        }
      >
        {me.is_operator && (
          <FilterBar>
            <FilterChip
              label={t("errors.kind")}
              value={kind ?? null}
              options={ERROR_KINDS.map((value) => ({ value, label: t(`errors.kind.${value}`) }))}
              onChange={(value) => {
                const next = ERROR_KINDS.find((one) => one === value);
                void navigate({ search: next ? { kind: next } : {}, replace: true });
              }}
            />
          </FilterBar>
        )}
        <DataTable
          ref={table}
          label={t("errors.title")}
          columns={columns}
          rows={rows}
          rowKey={(row) => row.id}
          rowVersion={(row) => `${row.count} ${row.resolved_at ?? ""}`}
          scope={kind ?? ""}
          phoneRow={(row) => (
            <PhoneRow
              title={row.message}
              value={<KindTag group={row} />}
              line={row.route ?? ""}
              aside={<When at={row.last_at} />}
            />
          )}
          isLoading={list.isPending && me.is_operator}
          error={list.error}
          isForbidden={!me.is_operator}
          empty={
            <StateBlock
              icon={IconMoodSmile}
              title={t(kind ? "errors.noMatch" : "errors.empty")}
              text={t("errors.emptyText")}
            />
          }
          onRetry={() => void list.refetch()}
          selected={panel ?? null}
          onSelect={show}
          onOpen={show}
          hasMore={list.hasNextPage && !list.isFetchingNextPage}
          onMore={() => void list.fetchNextPage()}
        />
      </WithPanel>
    </Page>
  );
}

function columnsOf(number: (count: number) => string): readonly Column<ErrorGroup>[] {
  return [
    {
      id: "kind",
      header: t("errors.kind"),
      width: "104px",
      cell: (row) => <KindTag group={row} />,
    },
    {
      id: "message",
      header: t("errors.message"),
      width: "minmax(260px, 2.4fr)",
      cell: (row) => (
        <span className={classes.message} data-solved={row.resolved_at ? true : undefined}>
          <span className="hf-clip" title={row.message}>
            {row.message}
          </span>
          {row.resolved_at && <Tag tone="good">{t("errors.solved")}</Tag>}
        </span>
      ),
    },
    {
      id: "route",
      header: t("errors.route"),
      width: "minmax(140px, 1fr)",
      cell: (row) => <span className="hf-mono hf-clip">{row.route ?? ""}</span>,
    },
    {
      id: "count",
      header: t("errors.count"),
      width: "76px",
      align: "end",
      cell: (row) => <span className="hf-number">{number(row.count)}</span>,
    },
    {
      id: "last",
      header: t("errors.last"),
      width: "170px",
      cell: (row) => <When at={row.last_at} />,
    },
  ];
}

function KindTag({ group }: { readonly group: ErrorGroup }) {
  return (
    <Tag tone={group.resolved_at ? "plain" : (TONES[group.kind] ?? "plain")}>
      {tDynamic(`errors.kind.${group.kind}`, group.kind)}
    </Tag>
  );
}
