import { createContext, useContext, type ComponentType, type ReactNode } from "react";
import type { AuditEntry } from "@/api/types";

/** Says in words what an entry of one kind of object is about, after the actor's name. */
export type AuditWords = ComponentType<{
  readonly entry: AuditEntry;
  readonly fallback: ReactNode;
}>;

const WordsContext = createContext<ReadonlyMap<string, AuditWords>>(new Map());

/** The shell gathers the words of the apps; the audit screen knows no app. */
export function AuditWordsProvider({
  words,
  children,
}: {
  readonly words: ReadonlyMap<string, AuditWords>;
  readonly children: ReactNode;
}) {
  return <WordsContext value={words}>{children}</WordsContext>;
}

export function useAuditWords(action: string): AuditWords | undefined {
  return useContext(WordsContext).get(action);
}
