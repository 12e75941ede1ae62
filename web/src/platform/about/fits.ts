/** Parts of the program and of the pages. */
export const PART_KINDS = ["rust", "web"] as const;

interface Filter {
  readonly q?: string;
  readonly kind?: string;
}

/** Whether a part has every typed word in its name or licence, and is of the chosen kind. */
export function fits(
  part: { readonly name: string; readonly licence: string; readonly kind: string },
  filter: Filter,
): boolean {
  if (filter.kind && part.kind !== filter.kind) return false;
  const text = `${part.name} ${part.licence}`.toLowerCase();
  const words = (filter.q ?? "").toLowerCase().split(/\s+/).filter(Boolean);
  return words.every((word) => text.includes(word));
}
