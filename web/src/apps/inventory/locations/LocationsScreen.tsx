import { ActionIcon, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import {
  IconChevronDown,
  IconChevronRight,
  IconMapPin,
  IconPlus,
  IconSearch,
} from "@tabler/icons-react";
import { useMemo, useState } from "react";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { FilterBar } from "@/ui/FilterChips";
import { LinkButton } from "@/ui/LinkButton";
import { Page } from "@/ui/Page";
import { StateBlock } from "@/ui/StateBlock";
import { Tag } from "@/ui/Tag";
import { DataTable, PhoneRow, type Column } from "@/ui/table";
import { IMPORT, READ, WRITE } from "../permissions";
import { Zone } from "../Zone";
import { locationsQuery } from "./queries";
import { treeRows, type TreeRow } from "./tree";
import classes from "./locations.module.css";

export function LocationsScreen() {
  const workspace = useWorkspace();
  const navigate = useNavigate();
  const locations = useQuery({ ...locationsQuery(workspace.id), enabled: workspace.can(READ) });
  const [closed, setClosed] = useState<ReadonlySet<string>>(new Set());
  const [text, setText] = useState("");
  const rows = useMemo(
    () => filtered(treeRows(locations.data ?? [], text ? new Set() : closed), text),
    [locations.data, closed, text],
  );
  const toggle = (id: string) =>
    setClosed((old) => {
      const next = new Set(old);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  const params = { workspace: workspace.id };
  const columns: readonly Column<TreeRow>[] = [
    {
      id: "name",
      header: t("locations.name"),
      width: "minmax(220px, 2fr)",
      cell: (row) => (
        <TreeName row={row} isClosed={closed.has(row.location.id)} onToggle={toggle} />
      ),
    },
    {
      id: "code",
      header: t("locations.code"),
      width: "minmax(100px, 1fr)",
      cell: (row) => <bdi className="hf-clip hf-mono hf-dim">{row.location.code}</bdi>,
    },
    {
      id: "zone",
      header: t("items.zone"),
      width: "110px",
      cell: (row) => row.location.temp_zone && <Zone zone={row.location.temp_zone} />,
    },
    {
      id: "items",
      header: t("locations.items"),
      width: "120px",
      align: "end",
      cell: (row) => <span className="hf-number">{row.location.stock_items}</span>,
    },
  ];
  return (
    <Page
      title={t("locations.title")}
      tabTitle={t("locations.title")}
      layout="fill"
      actions={
        workspace.can(WRITE) && (
          <LinkButton
            to="/w/$workspace/inventory/locations/new"
            params={params}
            leftSection={<IconPlus size={16} aria-hidden />}
          >
            {t("locations.new")}
          </LinkButton>
        )
      }
    >
      <FilterBar
        search={
          <TextInput
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            aria-label={t("locations.search")}
            placeholder={t("locations.search")}
            leftSection={<IconSearch size={16} aria-hidden />}
            w={320}
            maw="100%"
            dir="auto"
          />
        }
      />
      <DataTable
        label={t("locations.title")}
        columns={columns}
        rows={rows}
        rowKey={(row) => row.location.id}
        rowVersion={(row) => `${row.location.version} ${row.location.stock_items}`}
        scope={`${text} ${closed.size}`}
        phoneRow={(row) => (
          <div style={{ paddingInlineStart: Math.min(row.depth, 4) * 16 }}>
            <PhoneRow
              title={row.location.name}
              value={row.location.temp_zone && <Zone zone={row.location.temp_zone} />}
              line={row.location.code}
              aside={t("locations.itemCount", { count: row.location.stock_items })}
            />
          </div>
        )}
        isLoading={locations.isPending}
        error={locations.error}
        isForbidden={!workspace.can(READ)}
        empty={
          text ? <StateBlock icon={IconMapPin} title={t("locations.noMatch")} /> : <NoLocations />
        }
        onRetry={() => void locations.refetch()}
        onOpen={(row) =>
          void navigate({
            to: "/w/$workspace/inventory/locations/$location",
            params: { ...params, location: row.location.id },
          })
        }
        total={{ count: rows.length, isMore: false }}
      />
    </Page>
  );
}

function TreeName({
  row,
  isClosed,
  onToggle,
}: {
  readonly row: TreeRow;
  readonly isClosed: boolean;
  readonly onToggle: (id: string) => void;
}) {
  const { location, depth, childCount } = row;
  const Chevron = isClosed ? IconChevronRight : IconChevronDown;
  return (
    <span className={classes.name} style={{ paddingInlineStart: depth * 22 }}>
      {childCount > 0 ? (
        <ActionIcon
          size="sm"
          tabIndex={-1}
          aria-label={t(isClosed ? "locations.open" : "locations.close", { name: location.name })}
          aria-expanded={!isClosed}
          onClick={() => onToggle(location.id)}
        >
          <Chevron size={15} aria-hidden />
        </ActionIcon>
      ) : (
        <span className={classes.leaf} aria-hidden />
      )}
      <bdi className="hf-clip">{location.name}</bdi>
      {!location.active && <Tag>{t("locations.inactive")}</Tag>}
    </span>
  );
}

function NoLocations() {
  const workspace = useWorkspace();
  const params = { workspace: workspace.id };
  return (
    <StateBlock icon={IconMapPin} title={t("locations.emptyTitle")} text={t("locations.emptyText")}>
      {workspace.can(WRITE) && (
        <LinkButton to="/w/$workspace/inventory/locations/new" params={params}>
          {t("locations.new")}
        </LinkButton>
      )}
      {workspace.can(IMPORT) && (
        <LinkButton
          to="/w/$workspace/inventory/import"
          params={params}
          search={{ kind: "locations" }}
          variant="default"
        >
          {t("items.emptyImport")}
        </LinkButton>
      )}
    </StateBlock>
  );
}

/** Matches and the places above them, so that the tree still makes sense. */
function filtered(rows: readonly TreeRow[], text: string): readonly TreeRow[] {
  const plain = text.trim().toLowerCase();
  if (!plain) return rows;
  const kept = new Set<string>();
  const parents = new Map(rows.map((row) => [row.location.id, row.location.parent_id ?? null]));
  for (const { location } of rows) {
    if (!`${location.name} ${location.code}`.toLowerCase().includes(plain)) continue;
    let at: string | null = location.id;
    while (at !== null && !kept.has(at)) {
      kept.add(at);
      at = parents.get(at) ?? null;
    }
  }
  return rows.filter((row) => kept.has(row.location.id));
}
