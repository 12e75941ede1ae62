import { useDebouncedValue } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import type { Item, Location } from "@/api/types";
import { useFormat } from "@/i18n";
import { signOf } from "@/i18n/decimal";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import { itemChoicesQuery } from "../items/queries";
import { matchLocation } from "../locations/match";
import { locationsQuery } from "../locations/queries";
import { parseQuickEntry, type QuickEntry } from "./quickEntry";
import type { MovementType } from "./queries";

const TYPING_MS = 90;
const CHOICES = 6;

/** What was picked by hand; it wins over what was typed. */
interface Picks {
  readonly type?: MovementType;
  readonly item?: Item;
  readonly place?: Location;
  readonly to?: Location;
}

export interface Understood {
  readonly entry: QuickEntry;
  readonly type: MovementType | null;
  readonly item: Item | null;
  readonly itemChoices: readonly Item[];
  readonly isSearching: boolean;
  readonly place: Location | null;
  readonly to: Location | null;
  readonly locations: readonly Location[];
  readonly isUnitWrong: boolean;
  readonly isReady: boolean;
}

/** The line, what it means so far, and what was picked in its place. */
export function useQuickEntry() {
  const workspace = useWorkspace();
  const { separators } = useFormat();
  const [text, setTextState] = useState("");
  const [picks, setPicks] = useState<Picks>({});
  const entry = useMemo(() => parseQuickEntry(text, separators), [text, separators]);
  const [wanted] = useDebouncedValue(entry.item, TYPING_MS);
  const found = useQuery({
    ...itemChoicesQuery(workspace.id, wanted, CHOICES),
    enabled: wanted !== "",
  });
  const locations = useQuery(locationsQuery(workspace.id));

  const setText = (next: string) => {
    const after = parseQuickEntry(next, separators);
    setTextState(next);
    // A part that is typed anew is no longer the one picked before.
    setPicks((old) => ({
      ...(old.type && after.type === entry.type ? { type: old.type } : {}),
      ...(old.item && after.item === entry.item ? { item: old.item } : {}),
      ...(old.place && after.place === entry.place ? { place: old.place } : {}),
      ...(old.to && after.toPlace === entry.toPlace ? { to: old.to } : {}),
    }));
  };
  const understood = useMemo<Understood>(() => {
    const all = locations.data ?? [];
    const isFresh = wanted === entry.item && !found.isPlaceholderData;
    const choices = wanted && found.data ? found.data : [];
    const type = picks.type ?? entry.type;
    const item = picks.item ?? (isFresh && entry.item ? (choices[0] ?? null) : null);
    const place = picks.place ?? (entry.place ? matchLocation(entry.place, all) : null);
    const to = picks.to ?? (entry.toPlace ? matchLocation(entry.toPlace, all) : null);
    const isUnitWrong = Boolean(
      entry.unit && item && entry.unit.toLowerCase() !== item.unit.toLowerCase(),
    );
    const isQtyGood = entry.qty !== null && signOf(entry.qty) !== 0;
    const isReady = Boolean(
      type &&
      item &&
      place &&
      isQtyGood &&
      !isUnitWrong &&
      (type !== "transfer" || (to && to.id !== place.id)),
    );
    return {
      entry,
      type,
      item,
      itemChoices: choices,
      isSearching: Boolean(entry.item) && !isFresh,
      place,
      to,
      locations: all,
      isUnitWrong,
      isReady,
    };
  }, [entry, picks, wanted, found.data, found.isPlaceholderData, locations.data]);

  const clear = () => {
    setTextState("");
    setPicks({});
  };
  const pick = (part: Picks) => setPicks((old) => ({ ...old, ...part }));
  return { text, setText, understood, pick, clear };
}
