import type { Count, CountLine } from "@/api/types";
import { t, tDynamic } from "@/i18n";
import { Tag, type TagTone } from "@/ui/Tag";

const TONES: Readonly<Record<string, TagTone>> = {
  open: "info",
  submitted: "caution",
  applied: "good",
  conflict: "danger",
  recount: "caution",
  variance: "info",
  approved: "good",
  ok: "good",
};

/** Where a count stands, in a word. */
export function CountTag({ state }: { readonly state: string }) {
  return <Tag tone={TONES[state] ?? "plain"}>{tDynamic(`counts.state.${state}`, state)}</Tag>;
}

/** Where a line stands, in a word. */
export function LineTag({ line }: { readonly line: CountLine }) {
  const { state } = line;
  return <Tag tone={TONES[state] ?? "plain"}>{tDynamic(`counts.line.${state}`, state)}</Tag>;
}

/** What a count is about, in a few words. */
export function scopeOf(count: Count): string {
  const { scope } = count;
  const parts = [
    scope.location_name,
    scope.category,
    scope.items ? t("counts.items", { count: scope.items }) : null,
  ].filter((part) => Boolean(part));
  return parts.length > 0 ? parts.join(" · ") : t("counts.everything");
}

export function progressOf(count: Count): string {
  return t("counts.progress", { done: count.counted_lines, all: count.lines });
}
