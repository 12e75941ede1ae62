import type { QueryClient, QueryKey } from "@tanstack/react-query";

const COSTLY = "costly";

/**
 * The key of something that the box gives out only so often a minute to a person: what happens
 * marks it as out of date, and it is read again when somebody asks for it.
 */
export function costlyKey(...key: QueryKey): QueryKey {
  return [COSTLY, ...key];
}

/** Says of costly answers that something changed since, and reads none of them. */
export function markCostly(client: QueryClient, ...key: QueryKey): void {
  void client.invalidateQueries({ queryKey: costlyKey(...key), refetchType: "none" });
}

/** Reads everything again that is on the screen, but for what is costly. */
export function readAllAgain(client: QueryClient): void {
  void client.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== COSTLY });
  markCostly(client);
}
