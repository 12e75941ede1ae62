import type { Icon } from "@tabler/icons-react";
import { createContext, useContext, type ReactNode } from "react";
import type { PlainKey } from "@/i18n";

/** A kind of object that can be deleted, and how it comes back. */
export interface DeletableKind {
  readonly kind: string;
  readonly label: PlainKey;
  readonly icon: Icon;
  restore(workspace: string, id: string): Promise<void>;
}

const KindsContext = createContext<readonly DeletableKind[]>([]);

/** The shell gathers the kinds of the apps; the recycle bin knows none. */
export function DeletableKindsProvider({
  kinds,
  children,
}: {
  readonly kinds: readonly DeletableKind[];
  readonly children: ReactNode;
}) {
  return <KindsContext value={kinds}>{children}</KindsContext>;
}

export function useDeletableKinds(): readonly DeletableKind[] {
  return useContext(KindsContext);
}
