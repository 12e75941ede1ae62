export type GridAction =
  | { readonly kind: "move"; readonly index: number }
  | { readonly kind: "open" }
  | { readonly kind: "select" }
  | { readonly kind: "leave" };

/** What a key does in a list of `count` rows with row `index` active (-1: none yet). */
export function gridAction(
  key: string,
  index: number,
  count: number,
  page: number,
): GridAction | null {
  if (count === 0) return null;
  const to = (wanted: number): GridAction => ({
    kind: "move",
    index: Math.max(0, Math.min(count - 1, wanted)),
  });
  switch (key) {
    case "ArrowDown":
      return to(index + 1);
    case "ArrowUp":
      return to(index < 0 ? 0 : index - 1);
    case "PageDown":
      return to(Math.max(index, 0) + page);
    case "PageUp":
      return to(index - page);
    case "Home":
      return to(0);
    case "End":
      return to(count - 1);
    case "Enter":
      return index >= 0 ? { kind: "open" } : null;
    case " ":
      return index >= 0 ? { kind: "select" } : null;
    case "Escape":
      return { kind: "leave" };
    default:
      return null;
  }
}
