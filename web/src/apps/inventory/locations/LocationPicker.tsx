import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Location } from "@/api/types";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { locationsQuery } from "./queries";
import { pathName, treeRows } from "./tree";

interface Props {
  readonly id?: string;
  readonly label: string;
  readonly location: Location | null;
  readonly onPick: (location: Location | null) => void;
  readonly error?: string | undefined;
  readonly placeholder?: string;
  /** Places that may not be chosen. */
  readonly without?: ReadonlySet<string>;
  readonly includeInactive?: boolean;
}

const ROWS_MAX = 100;

export function LocationPicker({
  id,
  label,
  location,
  onPick,
  error,
  placeholder,
  without,
  includeInactive = false,
}: Props) {
  const workspace = useWorkspace();
  const { data } = useQuery(locationsQuery(workspace.id));
  const choices = useMemo(() => {
    const all = data ?? [];
    return treeRows(all)
      .map((row) => row.location)
      .filter((one) => (includeInactive || one.active) && !without?.has(one.id))
      .map((one) => ({ value: one.id, label: `${pathName(one, all)} · ${one.code}` }));
  }, [data, without, includeInactive]);
  return (
    <Select
      {...(id ? { id } : {})}
      label={label}
      searchable
      clearable
      value={location?.id ?? null}
      onChange={(value) => onPick(data?.find((one) => one.id === value) ?? null)}
      data={choices}
      limit={ROWS_MAX}
      nothingFoundMessage={t("ui.nothingFound")}
      error={error}
      placeholder={placeholder ?? t("locations.find")}
      clearButtonProps={{ "aria-label": t("ui.clear") }}
      maxDropdownHeight={300}
    />
  );
}
