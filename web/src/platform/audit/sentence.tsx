import { Suspense, type ReactNode } from "react";
import { isRecord } from "@/api/problem";
import type { AuditEntry } from "@/api/types";
import { t, tDynamic } from "@/i18n";
import { useAuditWords } from "./AuditWords";

/** What happened, in a sentence: who, what and to which thing. */
export function Sentence({ entry, myId }: { readonly entry: AuditEntry; readonly myId: string }) {
  const Words = useAuditWords(entry.outcome === "refused" ? "" : entry.action);
  const plain = plainSentence(entry, myId);
  if (!Words) return plain;
  return (
    <>
      <strong>
        <bdi>{actorName(entry, myId)}</bdi>
      </strong>{" "}
      <Suspense fallback={<span aria-busy>…</span>}>
        <Words entry={entry} fallback={t("audit.say.changed", { object: objectName(entry) })} />
      </Suspense>
    </>
  );
}

/** Who did it; "You" for the reader. */
export function actorName(entry: AuditEntry, myId: string): string {
  const { actor } = entry;
  if (actor.id && actor.id === myId && actor.kind === "user") return t("audit.you");
  if (actor.kind === "system") return t("audit.actor.system");
  if (actor.kind === "stranger") return t("audit.actor.stranger");
  if (actor.kind === "cli") return t("audit.actor.cli");
  const name = actor.name ?? t("audit.actor.unknown");
  return actor.kind === "token" ? t("audit.actor.token", { name }) : name;
}

const NAMING_FIELDS = ["name", "item_name", "code", "item_number", "po_number", "kind", "email"];

/** What the change was about, from its own values where they name it. */
export function objectName(entry: AuditEntry): string {
  for (const name of NAMING_FIELDS) {
    const value = changeText(entry, name);
    if (value) return name === "kind" ? tDynamic(`audit.kind.${value}`, value) : value;
  }
  return entry.object.id?.slice(0, 8) ?? "";
}

/** The newest value of a field in the entry's changes. */
export function changeText(entry: AuditEntry, name: string): string | null {
  const changes: unknown = entry.changes;
  return isRecord(changes) ? current(changes[name]) : null;
}

/** A change is either the value itself or its states before and after. */
function current(value: unknown): string | null {
  if (typeof value === "string") return value || null;
  if (!isRecord(value)) return null;
  return current(value["to"]) ?? current(value["from"]);
}

/** What was read is named as the API names it, which nobody translates. */
function nameOf(entry: AuditEntry): { readonly translate?: "no" } {
  return objectName(entry) === changeText(entry, "routes") ? { translate: "no" } : {};
}

const MARK = "\u0001";
const marks = { actor: `${MARK}actor`, object: `${MARK}object`, action: `${MARK}action` };

function plainSentence(entry: AuditEntry, myId: string): ReactNode {
  const text =
    entry.outcome === "refused"
      ? t("audit.say.refused", marks)
      : tDynamic(`audit.say.${entry.action}`, t("audit.say.default", marks), marks);
  return text
    .split(/(\u0001(?:actor|object|action))/)
    .filter(Boolean)
    .map((part, index) => {
      if (part === marks.actor) {
        return (
          <strong key={index}>
            <bdi>{actorName(entry, myId)}</bdi>
          </strong>
        );
      }
      if (part === marks.object) {
        const routes = changeText(entry, "routes");
        // Spelt as the API spells them.
        if (routes)
          return (
            <code key={index} className="hf-mono">
              {routes}
            </code>
          );
        return (
          <bdi key={index} className="hf-strong" {...nameOf(entry)}>
            {objectName(entry)}
          </bdi>
        );
      }
      if (part === marks.action) {
        return (
          <code key={index} className="hf-mono">
            {entry.action}
          </code>
        );
      }
      return <span key={index}>{part}</span>;
    });
}
