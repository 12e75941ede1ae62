import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState, type KeyboardEvent, type RefObject } from "react";
import { flushSync } from "react-dom";
import type { Mentionable } from "@/api/types";
import { useMe } from "@/platform/identity/queries";
import { useWorkspace } from "@/platform/workspaces/WorkspaceContext";
import type { About } from "../about";
import { choose, typedMention, type Chosen } from "./mentions";
import { peopleQuery } from "./queries";

const TYPING_MS = 120;

interface Box {
  readonly about: About;
  readonly area: RefObject<HTMLTextAreaElement | null>;
  readonly text: string;
  readonly chosen: readonly Chosen[];
  readonly setText: (text: string) => void;
  readonly setChosen: (chosen: readonly Chosen[]) => void;
}

/** The list of people that an @ opens: what is in it, and what keys do with it. */
export interface People {
  readonly isOpen: boolean;
  readonly isSearching: boolean;
  readonly found: readonly Mentionable[];
  /** The one that Enter takes. */
  readonly active: number;
  setActive(index: number): void;
  take(person: Mentionable): void;
  /** Looks whether a name is being typed where the caret is. */
  look(area: HTMLTextAreaElement): void;
  /** Types an @ for whoever has none at hand. */
  begin(): void;
  close(): void;
  /** True when the key was for the list. */
  onKeyDown(event: KeyboardEvent): boolean;
  /** What says to a screen reader where in the list one is. */
  described(id: string): { "aria-controls"?: string; "aria-activedescendant"?: string };
}

export function usePeople({ about, area, text, chosen, setText, setChosen }: Box): People {
  const workspace = useWorkspace();
  const me = useMe();
  const [place, setPlace] = useState<{ at: number; typed: string } | null>(null);
  const [active, setActive] = useState(0);
  const typed = (place?.typed ?? "").trim();
  const [settled] = useDebouncedValue(typed, TYPING_MS);
  const { data, isFetching } = useQuery({
    ...peopleQuery(workspace.id, about, settled),
    enabled: place !== null,
    placeholderData: keepPreviousData,
  });
  // What fitted what was typed before, and no longer does, must not be taken by Enter.
  const plain = typed.toLowerCase();
  const fits = (one: Mentionable) => one.id !== me.id && one.name.toLowerCase().includes(plain);
  const found = (data ?? []).filter(fits);
  const isSearching = place !== null && (isFetching || settled !== typed);
  const isOpen = place !== null && (found.length > 0 || isSearching || typed === "");

  const look = (field: HTMLTextAreaElement) => {
    const next = typedMention(field.value, field.selectionStart, chosen);
    if (next?.typed !== place?.typed) setActive(0);
    setPlace(next);
  };
  const take = (person: Mentionable) => {
    if (!place) return;
    const done = choose(text, place, person, chosen);
    // The caret can be set only where the text is already.
    flushSync(() => {
      setText(done.text);
      setChosen(done.chosen);
      setPlace(null);
    });
    area.current?.focus();
    area.current?.setSelectionRange(done.caret, done.caret);
  };
  const begin = () => {
    const field = area.current;
    if (!field) return;
    const at = field.selectionStart;
    const before = text.slice(0, at);
    const written = `${before}${before === "" || /\s$/.test(before) ? "" : " "}@`;
    flushSync(() => setText(written + text.slice(at)));
    field.focus();
    field.setSelectionRange(written.length, written.length);
    setActive(0);
    setPlace({ at: written.length - 1, typed: "" });
  };
  const onKeyDown = (event: KeyboardEvent): boolean => {
    if (!isOpen || event.ctrlKey || event.metaKey) return false;
    const one = found[Math.min(active, found.length - 1)];
    if (event.key === "Escape") setPlace(null);
    else if (event.key === "ArrowDown" && one) setActive((active + 1) % found.length);
    else if (event.key === "ArrowUp" && one) setActive((active || found.length) - 1);
    else if ((event.key === "Enter" || event.key === "Tab") && one && !event.shiftKey) take(one);
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  };
  const at = Math.min(active, Math.max(0, found.length - 1));
  const described = (id: string) => {
    const one = found[at];
    if (!isOpen || !one) return {};
    return { "aria-controls": `${id}-people`, "aria-activedescendant": `${id}-${one.id}` };
  };
  const close = () => setPlace(null);
  return {
    ...{ isOpen, isSearching, found, active: at },
    ...{ setActive, take, look, begin, close, onKeyDown, described },
  };
}
