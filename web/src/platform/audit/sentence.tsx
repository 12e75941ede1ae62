import type { ReactNode } from "react";
import { isRecord } from "@/api/problem";
import type { AuditEntry } from "@/api/types";
import { t, tDynamic } from "@/i18n";

/** Who did it, in words; "You" for the reader. */
export function actorName(entry: AuditEntry, myId: string): string {
  const { actor } = entry;
  if (actor.id !== null && actor.id === myId && actor.kind === "user") return t("audit.you");
  if (actor.kind === "system") return t("audit.actor.system");
  if (actor.kind === "stranger") return t("audit.actor.stranger");
  if (actor.kind === "cli") return t("audit.actor.cli");
  const name = actor.name ?? t("audit.actor.unknown");
  return actor.kind === "token" ? t("audit.actor.token", { name }) : name;
}

/** What the change was about, from its own values where they name it. */
export function objectName(entry: AuditEntry): string {
  const changes: unknown = entry.changes;
  if (isRecord(changes)) {
    for (const name of ["name", "item_name", "code", "item_number", "kind", "email"]) {
      const value = current(changes[name]);
      if (value) return value;
    }
  }
  return entry.object.id.slice(0, 8);
}

/** A change is either the value itself or its states before and after. */
function current(value: unknown): string | null {
  if (typeof value === "string") return value || null;
  if (Array.isArray(value)) return current(value.at(-1));
  if (isRecord(value)) return current(value["after"] ?? value["to"] ?? value["new"]);
  return null;
}

export function sentence(entry: AuditEntry, myId: string): ReactNode {
  const actor = (
    <strong key="actor">
      <bdi>{actorName(entry, myId)}</bdi>
    </strong>
  );
  const object = (
    <bdi key="object" className="hf-strong">
      {objectName(entry)}
    </bdi>
  );
  const action = (
    <code key="action" className="hf-mono">
      {entry.action}
    </code>
  );
  const text =
    entry.outcome === "refused"
      ? t("audit.say.refused", marks)
      : tDynamic(`audit.say.${entry.action}`, t("audit.say.default", marks), marks);
  return text
    .split(/(\u0001\w+\u0001)/)
    .filter(Boolean)
    .map((part, index) => {
      if (part === marks.actor) return actor;
      if (part === marks.object) return object;
      if (part === marks.action) return action;
      return <span key={index}>{part}</span>;
    });
}

const marks = {
  actor: "\u0001actor\u0001",
  object: "\u0001object\u0001",
  action: "\u0001action\u0001",
};
