import { queryOptions, useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { IconLicense } from "@tabler/icons-react";
import { useCallback, useMemo } from "react";
import { api, ok } from "@/api/client";
import type { Licence } from "@/api/types";
import { t, useFormat } from "@/i18n";
import { FilterBar, FilterChip, SearchBox } from "@/ui/FilterChips";
import { Page } from "@/ui/Page";
import { StateBlock } from "@/ui/StateBlock";
import { DataTable, PhoneRow, type Column } from "@/ui/table";
import { fits, PART_KINDS } from "./fits";

export interface AboutSearch {
  readonly q?: string;
  readonly kind?: (typeof PART_KINDS)[number];
}

const aboutQuery = queryOptions({
  queryKey: ["about"],
  staleTime: Infinity,
  queryFn: async () => ok(api.GET("/api/v1/about")),
});

/** Which version runs here, and under which licences its parts stand. */
export function AboutScreen() {
  const search = useSearch({ from: "/frame/about" });
  const navigate = useNavigate({ from: "/about" });
  const format = useFormat();
  const about = useQuery(aboutQuery);
  const rows = useMemo(
    () => (about.data?.licences ?? []).filter((one) => fits(one, search)),
    [about.data, search],
  );
  const onSearch = useCallback(
    (q: string) =>
      void navigate({
        search: ({ q: _old, ...rest }) => (q ? { ...rest, q } : rest),
        replace: true,
      }),
    [navigate],
  );
  const built = about.data?.built_at;
  return (
    <Page
      title={t("about.title")}
      tabTitle={t("about.title")}
      layout="fill"
      subtitle={
        about.data && (
          <>
            {t("footer.version", { version: about.data.version })}
            {built && ` · ${t("about.built", { date: format.date(built) })}`}
            {" · "}
            <a href="/help">{t("about.manual")}</a>
            {" · "}
            <a href="/api/docs">{t("about.api")}</a>
            {" · "}
            <a href="/api/v1/about/licence-texts">{t("about.texts")}</a>
            {" · "}
            <a href="/api/v1/about/bill-of-materials" download="holdfast.cdx.json">
              {t("about.bill")}
            </a>
          </>
        )
      }
    >
      <FilterBar
        search={<SearchBox value={search.q ?? ""} label={t("about.search")} onChange={onSearch} />}
      >
        <FilterChip
          label={t("about.kind")}
          value={search.kind ?? null}
          options={PART_KINDS.map((value) => ({ value, label: t(`about.kind.${value}`) }))}
          onChange={(value) => {
            const kind = PART_KINDS.find((one) => one === value);
            void navigate({
              search: ({ kind: _old, ...rest }) => (kind ? { ...rest, kind } : rest),
              replace: true,
            });
          }}
        />
      </FilterBar>
      <DataTable
        label={t("about.licences")}
        columns={COLUMNS()}
        rows={rows}
        rowKey={(row) => `${row.kind} ${row.name} ${row.version}`}
        rowVersion={() => ""}
        scope={JSON.stringify(search)}
        phoneRow={(row) => (
          <PhoneRow title={row.name} value={row.version} line={row.licence} aside={kindName(row)} />
        )}
        isLoading={about.isPending}
        error={about.error}
        isForbidden={false}
        empty={<StateBlock icon={IconLicense} title={t("about.noMatch")} />}
        onRetry={() => void about.refetch()}
      />
    </Page>
  );
}

function kindName(row: Licence): string {
  return row.kind === "web" ? t("about.kind.web") : t("about.kind.rust");
}

const COLUMNS = (): readonly Column<Licence>[] => [
  {
    id: "name",
    header: t("about.part"),
    width: "minmax(180px, 1.2fr)",
    cell: (row) => (
      <span className="hf-mono hf-clip" translate="no">
        {row.name}
      </span>
    ),
  },
  {
    id: "version",
    header: t("about.version"),
    width: "120px",
    cell: (row) => (
      <span className="hf-number" translate="no">
        {row.version}
      </span>
    ),
  },
  {
    id: "licence",
    header: t("about.licence"),
    width: "minmax(180px, 1.6fr)",
    cell: (row) => (
      <span className="hf-clip" title={row.licence} translate="no">
        {row.licence}
      </span>
    ),
  },
  { id: "kind", header: t("about.kind"), width: "110px", cell: (row) => kindName(row) },
];
