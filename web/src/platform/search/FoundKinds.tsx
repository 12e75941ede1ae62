import type { Icon } from "@tabler/icons-react";
import type { ToOptions } from "@tanstack/react-router";
import { createContext, useContext, type ReactNode } from "react";
import type { SearchHit } from "@/api/types";
import type { PlainKey } from "@/i18n";

/** A kind of thing the search finds, what it is called and where it leads. */
export interface FoundKind {
  readonly kind: string;
  /** One of it. */
  readonly label: PlainKey;
  /** Several of it, as the title of a group. */
  readonly group: PlainKey;
  readonly icon: Icon;
  /** Left out where it has no page. */
  to?(workspace: string, hit: SearchHit): ToOptions;
}

const KindsContext = createContext<readonly FoundKind[]>([]);

/** The shell gathers the kinds of the apps; the search knows none. */
export function FoundKindsProvider({
  kinds,
  children,
}: {
  readonly kinds: readonly FoundKind[];
  readonly children: ReactNode;
}) {
  return <KindsContext value={kinds}>{children}</KindsContext>;
}

export function useFoundKinds(): readonly FoundKind[] {
  return useContext(KindsContext);
}
