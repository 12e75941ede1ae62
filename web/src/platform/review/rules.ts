import type { SecurityPoint } from "@/api/types";
import type { LampState } from "@/ui/Lamp";

const ORDER = ["bad", "look", "good"];
const LAMPS: Readonly<Record<string, LampState>> = {
  bad: "danger",
  look: "caution",
  good: "good",
};

/** The worst first; among equals as the box says them. */
export function worstFirst(points: readonly SecurityPoint[]): readonly SecurityPoint[] {
  const rank = (point: SecurityPoint) => ORDER.indexOf(point.verdict);
  return points.toSorted((one, other) => rank(one) - rank(other));
}

export function lampOf(verdict: string): LampState {
  return LAMPS[verdict] ?? "info";
}

/** A route as the box says it, in its parts: verb, address, what it asks of its caller. */
export function routeParts(line: string): readonly [string, string, string] {
  const [verb = "", address = "", ...asks] = line.split(" ");
  return [verb, address, asks.join(" ")];
}
