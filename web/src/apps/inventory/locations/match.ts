import type { Location } from "@/api/types";

/** The place a person means by `@cooler-2`: the exact code or name, else the only one that fits. */
export function matchLocation(wanted: string, locations: readonly Location[]): Location | null {
  const plain = fold(wanted);
  if (!plain) return null;
  const usable = locations.filter((one) => one.active && !one.deleted_at);
  const exact =
    usable.find((one) => fold(one.code) === plain) ??
    usable.find((one) => fold(one.name) === plain);
  if (exact) return exact;
  const begins = usable.filter(
    (one) => fold(one.code).startsWith(plain) || fold(one.name).startsWith(plain),
  );
  if (begins.length > 0) return begins.length === 1 ? (begins[0] ?? null) : null;
  const holds = usable.filter(
    (one) => fold(one.code).includes(plain) || fold(one.name).includes(plain),
  );
  return holds.length === 1 ? (holds[0] ?? null) : null;
}

function fold(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/[\u0300-\u036f\s_-]/g, "")
    .toLowerCase();
}
