import { createContext, useContext, type ReactNode } from "react";
import type { Icon } from "@tabler/icons-react";
import type { PlainKey } from "@/i18n";

/** What the platform has to know of an app to switch it on or off. */
export interface AppName {
  readonly id: string;
  readonly label: PlainKey;
  readonly about: PlainKey;
  readonly icon: Icon;
}

const AppsContext = createContext<readonly AppName[]>([]);

/** The shell says which apps there are; the settings know none. */
export function AppsProvider({
  apps,
  children,
}: {
  readonly apps: readonly AppName[];
  readonly children: ReactNode;
}) {
  return <AppsContext value={apps}>{children}</AppsContext>;
}

export function useApps(): readonly AppName[] {
  return useContext(AppsContext);
}
