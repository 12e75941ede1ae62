import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { Item } from "@/api/types";
import { t } from "@/i18n";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { itemChoicesQuery } from "./queries";

interface Props {
  readonly id?: string;
  readonly label: string;
  readonly item: Item | null;
  readonly onPick: (item: Item | null) => void;
  readonly error?: string | undefined;
  readonly autoFocus?: boolean;
}

const CHOICES = 20;
const TYPING_MS = 120;

/** Finds an item by name, number or barcode as one types. */
export function ItemPicker({ id, label, item, onPick, error, autoFocus = false }: Props) {
  const workspace = useWorkspace();
  const [typed, setTyped] = useState(item?.name ?? "");
  const wanted = typed === item?.name ? "" : typed;
  const [settled] = useDebouncedValue(wanted, TYPING_MS);
  const { data, isPlaceholderData, isPending } = useQuery(
    itemChoicesQuery(workspace.id, settled, CHOICES),
  );
  const isSearching = wanted !== settled || isPending || isPlaceholderData;
  const choices = useMemo(() => {
    // What fitted what was typed before, and no longer does, must not be picked by Enter.
    const found = (data ?? []).filter((one) => !isSearching || fits(one, wanted));
    return item && !found.some((one) => one.id === item.id) ? [item, ...found] : found;
  }, [data, isSearching, item, wanted]);
  return (
    <Select
      {...(id ? { id } : {})}
      label={label}
      searchable
      openOnFocus={false}
      clearable
      value={item?.id ?? null}
      searchValue={typed}
      onSearchChange={setTyped}
      onChange={(value) => onPick(choices.find((one) => one.id === value) ?? null)}
      data={choices.map((one) => ({ value: one.id, label: one.name }))}
      filter={({ options }) => options}
      renderOption={({ option }) => (
        <Choice item={choices.find((one) => one.id === option.value)} label={option.label} />
      )}
      nothingFoundMessage={t(isSearching ? "ui.searching" : "ui.nothingFound")}
      aria-busy={isSearching}
      error={error}
      autoFocus={autoFocus}
      {...(autoFocus ? { "data-autofocus": true } : {})}
      placeholder={t("items.find")}
      clearButtonProps={{ "aria-label": t("ui.clear") }}
      maxDropdownHeight={300}
    />
  );
}

function fits(item: Item, typed: string): boolean {
  const plain = typed.trim().toLowerCase();
  return item.name.toLowerCase().includes(plain) || item.item_number.toLowerCase() === plain;
}

function Choice({ item, label }: { readonly item: Item | undefined; readonly label: string }) {
  return (
    <span style={{ display: "flex", gap: 8, width: "100%", alignItems: "baseline", minWidth: 0 }}>
      <bdi className="hf-clip" style={{ flex: 1 }}>
        {label}
      </bdi>
      {item && (
        <span className="hf-dim hf-mono" style={{ flex: "none" }}>
          {item.item_number}
        </span>
      )}
    </span>
  );
}
