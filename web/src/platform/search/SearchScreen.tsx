import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { IconSearch } from "@tabler/icons-react";
import { useCallback, useMemo, useRef } from "react";
import type { SearchHit } from "@/api/types";
import { t } from "@/i18n";
import { FilterBar, FilterChip, SearchBox } from "@/ui/FilterChips";
import { Page } from "@/ui/Page";
import { StateBlock } from "@/ui/StateBlock";
import { DataTable, PhoneRow, type Column, type TableHandle } from "@/ui/table";
import { useWorkspace } from "../workspaces/WorkspaceContext";
import { useFoundKinds, type FoundKind } from "./FoundKinds";
import { searchQuery } from "./queries";
import classes from "./search.module.css";

export interface SearchSearch {
  readonly q?: string;
  readonly kind?: string;
}

const HITS_MAX = 200;

/** Everything that fits what was typed, in one list. */
export function SearchScreen() {
  const workspace = useWorkspace();
  const { q = "", kind } = useSearch({ from: "/frame/w/$workspace/search" });
  const navigate = useNavigate({ from: "/w/$workspace/search" });
  const go = useNavigate();
  const table = useRef<TableHandle>(null);
  const kinds = useFoundKinds();
  const hits = useQuery(searchQuery(workspace.id, q, HITS_MAX));
  const isAsked = q.trim() !== "";
  const rows = useMemo(
    () =>
      isAsked
        ? (hits.data ?? []).filter(
            (hit) => (!kind || hit.kind === kind) && kinds.some((one) => one.kind === hit.kind),
          )
        : [],
    [hits.data, isAsked, kind, kinds],
  );
  const onSearch = useCallback(
    (text: string) =>
      void navigate({
        search: ({ q: _old, ...rest }) => (text ? { ...rest, q: text } : rest),
        replace: true,
      }),
    [navigate],
  );
  const open = (hit: SearchHit) => {
    const to = kinds.find((one) => one.kind === hit.kind)?.to?.(workspace.id, hit);
    if (to) void go(to);
  };
  return (
    <Page title={t("search.title")} tabTitle={t("search.title")} layout="fill">
      <FilterBar
        search={
          <SearchBox
            value={q}
            label={t("search.placeholder")}
            onChange={onSearch}
            onDown={() => table.current?.focus()}
            autoFocus
          />
        }
      >
        <FilterChip
          label={t("search.kind")}
          value={kind ?? null}
          options={kinds.map((one) => ({ value: one.kind, label: t(one.group) }))}
          onChange={(next) =>
            void navigate({
              search: ({ kind: _old, ...rest }) => (next ? { ...rest, kind: next } : rest),
              replace: true,
            })
          }
        />
      </FilterBar>
      <DataTable
        ref={table}
        label={t("search.results")}
        columns={columnsOf(workspace.id, kinds)}
        rows={rows}
        rowKey={(hit) => `${hit.kind} ${hit.id}`}
        rowVersion={() => ""}
        scope={`${q} ${kind ?? ""}`}
        phoneRow={(hit) => (
          <PhoneRow title={hit.title} line={hit.subtitle} aside={<KindName kind={hit.kind} />} />
        )}
        isLoading={hits.isPending && isAsked}
        error={hits.error}
        isForbidden={false}
        empty={
          <StateBlock
            icon={IconSearch}
            title={t(isAsked ? "search.nothing" : "search.start")}
            text={t(isAsked ? "search.nothingText" : "search.startText")}
          />
        }
        onRetry={() => void hits.refetch()}
        onOpen={open}
      />
    </Page>
  );
}

function columnsOf(workspace: string, kinds: readonly FoundKind[]): readonly Column<SearchHit>[] {
  return [
    {
      id: "what",
      header: t("search.what"),
      width: "minmax(220px, 2fr)",
      cell: (hit) => {
        const known = kinds.find((one) => one.kind === hit.kind);
        if (!known) return <bdi className="hf-clip">{hit.title}</bdi>;
        const to = known.to?.(workspace, hit);
        return (
          <span className={classes.what}>
            <known.icon size={17} stroke={1.7} aria-hidden />
            {to ? (
              <Link {...to} className="hf-clip hf-quiet-link hf-strong" tabIndex={-1} dir="auto">
                {hit.title}
              </Link>
            ) : (
              <bdi className="hf-clip">{hit.title}</bdi>
            )}
          </span>
        );
      },
    },
    {
      id: "about",
      header: t("search.about"),
      width: "minmax(180px, 1.4fr)",
      cell: (hit) => <bdi className="hf-clip hf-dim">{hit.subtitle}</bdi>,
    },
    {
      id: "kind",
      header: t("search.kind"),
      width: "130px",
      cell: (hit) => <KindName kind={hit.kind} />,
    },
  ];
}

function KindName({ kind }: { readonly kind: string }) {
  const known = useFoundKinds().find((one) => one.kind === kind);
  return <span className="hf-dim">{known ? t(known.label) : kind}</span>;
}
